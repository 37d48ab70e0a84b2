package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the nodes of a cluster say of themselves in SQL, asked past the fault proxies.
///
/// Threading: shared.
final class ClusterState implements AutoCloseable {
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(100);
    /// Each question is three statements and five requests, while the clients' pauses are measured on the same cores.
    private static final Duration ASK_IF_HEALTHY_AFTER = Duration.ofMillis(500);
    private static final Duration ANSWER_LIMIT = Duration.ofMillis(1_500);

    /// What one node says.
    sealed interface Said {
        /// @param streaming   sorted names of the standbys that stream from here, each as often as it does
        /// @param synchronous how many of them a commit waits for
        record Primary(long timeline, List<String> streaming, int synchronous) implements Said {}

        record Replica() implements Said {}

        record Nothing(String why) implements Said {}
    }

    private record Answer(PatroniNode node, Said said) {}

    private final ClusterOptions options;
    private final List<PatroniNode> nodes;
    private final Map<PatroniNode, KeptSession> sessions;

    ClusterState(ClusterOptions options, List<PatroniNode> nodes) {
        this.options = options;
        this.nodes = nodes;
        this.sessions = nodes.stream().collect(Collectors.toMap(Function.identity(), KeptSession::new));
    }

    Optional<PatroniNode> leader() {
        return primary().map(Answer::node);
    }

    OptionalLong timeline() {
        return primary().map(answer -> OptionalLong.of(timeline(answer))).orElseGet(OptionalLong::empty);
    }

    Optional<PatroniNode> awaitPromotion(long timelineBefore, Duration limit) {
        return await(answer -> timeline(answer) > timelineBefore, limit);
    }

    PatroniNode awaitLeader(Predicate<PatroniNode> acceptable, Duration limit) throws IOException {
        Optional<PatroniNode> found = await(answer -> acceptable.test(answer.node), limit);
        if (found.isEmpty()) throw new IOException("no such primary within " + limit + ":\n" + describe());
        return found.get();
    }

    private Optional<PatroniNode> await(Predicate<Answer> acceptable, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<PatroniNode> found = primary().filter(acceptable).map(Answer::node);
            if (found.isPresent() || System.nanoTime() > deadline) return found;
            Processes.pause(ASK_AGAIN_AFTER);
        }
    }

    /// Of two the one on the higher timeline.
    private Optional<Answer> primary() {
        return ask().stream().filter(answer -> answer.said instanceof Said.Primary).max(Comparator.comparingLong(ClusterState::timeline));
    }

    private static long timeline(Answer answer) {
        return answer.said instanceof Said.Primary(long timeline, _, _) ? timeline : 0;
    }

    /// @param unhealthy is told what each node says as long as the cluster is not healthy
    void awaitHealthy(Duration limit, Consumer<Map<String, Said>> unhealthy) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        for (List<Answer> answers = ask(); !healthy(answers); answers = ask()) {
            if (System.nanoTime() > deadline) throw new IOException("not healthy within " + limit + ":\n" + describe());
            unhealthy.accept(answers.stream().collect(Collectors.toMap(answer -> answer.node.name(), Answer::said)));
            Processes.pause(ASK_IF_HEALTHY_AFTER);
        }
    }

    String describe() {
        return ask().stream().map(answer -> answer.node.name() + ": " + answer.said + ", patroni " + answer.node.patroniPid() + ", postmaster "
                + answer.node.postmasterPid() + ", " + rest(answer.node)).collect(Collectors.joining("\n"));
    }

    private boolean healthy(List<Answer> answers) {
        List<Said.Primary> primaries = answers.stream().map(Answer::said).filter(Said.Primary.class::isInstance).map(Said.Primary.class::cast).toList();
        List<String> replicas = answers.stream().filter(answer -> answer.said instanceof Said.Replica).map(answer -> answer.node.name()).sorted().toList();
        if (primaries.size() != 1 || replicas.size() != nodes.size() - 1) return false;
        if (!primaries.getFirst().streaming.equals(replicas)) return false;
        // PostgreSQL knows its synchronous standby seconds before Patroni will promote it, and a standby believes for a while after a promotion
        // that it is still one; /cluster is read from the DCS.
        boolean synchronous = switch (options.replication()) {
            case SYNCHRONOUS -> primaries.getFirst().synchronous > 0 && nodes.stream().allMatch(ClusterState::knowsSynchronousStandby);
            case ASYNCHRONOUS -> true;
        };
        return synchronous && answers.stream().allMatch(answer -> says200(answer.node, answer.said instanceof Said.Primary ? "/primary" : "/replica"));
    }

    /// Patroni is a little behind at times; a fault that begins before it has caught up is another fault than was meant.
    private static boolean says200(PatroniNode node, String path) {
        try {
            return PatroniRest.get(node, path).status() == 200;
        } catch (IOException silent) {
            return false;
        }
    }

    private static boolean knowsSynchronousStandby(PatroniNode node) {
        try {
            return PatroniRest.get(node, "/cluster").body().replace(" ", "").contains("\"role\":\"sync_standby\"");
        } catch (IOException silent) {
            return false;
        }
    }

    private List<Answer> ask() {
        var asked = new ArrayList<CompletableFuture<Answer>>();
        for (PatroniNode node : nodes) {
            var answer = new CompletableFuture<Answer>();
            Thread.ofVirtual().name("ask-" + node.name()).start(() -> answer.complete(new Answer(node, ask(sessions.get(node)))));
            // One that hangs must not hold up the others; it gives up by itself a little later.
            asked.add(answer.completeOnTimeout(new Answer(node, new Said.Nothing("no answer within " + ANSWER_LIMIT)), ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        }
        return asked.stream().map(CompletableFuture::join).toList();
    }

    private static Said ask(KeptSession session) {
        String question = """
                select case when pg_is_in_recovery() then 0 else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
                       (select coalesce(string_agg(application_name, ' '), '') from pg_stat_replication where state = 'streaming' and application_name <> 'pg_basebackup'),
                       (select count(*) from pg_stat_replication where state = 'streaming' and sync_state in ('sync', 'quorum'))
                """;
        try {
            return session.ask(connection -> {
                try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(question)) {
                    row.next();
                    return row.getLong(1) == 0 ? new Said.Replica() : new Said.Primary(row.getLong(1), words(row.getString(2)), row.getInt(3));
                }
            });
        } catch (SQLException e) {
            return new Said.Nothing(e.getMessage());
        }
    }

    @Override
    public void close() throws SQLException {
        for (KeptSession session : sessions.values()) session.close();
    }

    /// Sorted.
    private static List<String> words(String text) {
        return Stream.of(text.split(" ")).filter(word -> !word.isEmpty()).sorted().toList();
    }

    private static String rest(PatroniNode node) {
        try {
            return PatroniRest.get(node, "/patroni").body();
        } catch (IOException e) {
            return "REST: " + e;
        }
    }
}
