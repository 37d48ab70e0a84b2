package org.pgkeel.proxy.command;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.patroni.PatroniClient;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.tls.PatroniTls;

/// Asks every member of one Patroni cluster, those that are configured and those that they name, for the map and for itself.
///
/// Threading: one task; answers come from the client's threads.
final class PatroniCheck {
    private final String cluster;
    private final PatroniConfig config;
    private final List<Finding> findings;
    private final Set<NodeAddress> nodes = new LinkedHashSet<>();
    private final Map<String, URI> named = new LinkedHashMap<>();
    private final Set<String> said = new LinkedHashSet<>();
    private final Set<String> scopes = new LinkedHashSet<>();
    private final Set<String> leaders = new LinkedHashSet<>();

    private record Asked(CompletableFuture<PatroniAnswer> map, CompletableFuture<PatroniAnswer> status, long startedNanos) {}

    /// @param findings where what is found is added
    PatroniCheck(String cluster, PatroniConfig config, List<Finding> findings) {
        this.cluster = cluster;
        this.config = config;
        this.findings = findings;
    }

    /// @return every PostgreSQL that a member named
    Set<NodeAddress> ask() {
        try (var client = new PatroniClient(config.timeout(), config.login().map(login -> new PatroniClient.Login(login.user(), login.password().reveal())),
                new PatroniTls(cluster, config.tls()).context())) {
            askAll(client, config.members());
            var others = new LinkedHashMap<>(named);
            others.keySet().removeAll(said);
            others.values().removeAll(config.members());
            askAll(client, List.copyOf(others.values()));
        }
        if (scopes.size() > 1) bad("", "the members are of several clusters: scopes " + String.join(", ", scopes));
        if (!nodes.isEmpty() && leaders.isEmpty()) bad("", "no member holds the leader key");
        if (leaders.size() > 1) bad("", "members name different leaders: " + String.join(", ", leaders));
        return nodes;
    }

    /// All at once.
    private void askAll(PatroniClient client, List<URI> members) {
        var asked = new LinkedHashMap<URI, Asked>();
        for (URI member : members) {
            asked.put(member, new Asked(patiently(() -> client.cluster(member)), patiently(() -> client.status(member, "patroni")), System.nanoTime()));
        }
        asked.forEach((member, answers) -> report(member, answers.map.join(), answers.status.join(), (System.nanoTime() - answers.startedNanos) / 1_000_000));
    }

    private interface Question {
        CompletableFuture<PatroniAnswer> ask();
    }

    /// The first answer of all pays for the start of everything here: it is given twice the time.
    private static CompletableFuture<PatroniAnswer> patiently(Question question) {
        return question.ask().thenCompose(answer -> answer instanceof PatroniAnswer.Failed(var kind, _) && kind == PatroniAnswer.Kind.TIMEOUT
                ? question.ask() : CompletableFuture.completedFuture(answer));
    }

    private void report(URI member, PatroniAnswer map, PatroniAnswer status, long tookMillis) {
        if (map instanceof PatroniAnswer.Map(var document)) follow(document);
        switch (status) {
            case PatroniAnswer.Status(_, var own) -> {
                if (!own.name().isEmpty()) said.add(own.name());
                if (!own.scope().isEmpty()) scopes.add(own.scope());
                String text = "Patroni answers after " + tookMillis + " ms: " + text(own);
                if (own.state() == MemberStatus.State.RUNNING) findings.add(new Finding.Good(who(member) + text));
                else bad(member.toString(), text);
            }
            case PatroniAnswer.Failed(var kind, var text) -> bad(member.toString(), failure(kind, text));
            case PatroniAnswer.Map _, PatroniAnswer.Settings _, PatroniAnswer.History _ -> throw new IllegalStateException("a map where a status was asked for");
        }
        if (map instanceof PatroniAnswer.Failed(var kind, var text) && !(status instanceof PatroniAnswer.Failed)) {
            bad(member.toString(), "/cluster: " + failure(kind, text) + (kind == PatroniAnswer.Kind.CLOSED ? ": it may have lost its DCS" : ""));
        }
    }

    private static String text(MemberStatus own) {
        var text = new StringBuilder(own.name().isEmpty() ? "" : own.name() + " is ");
        text.append(word(own.role())).append(", ").append(word(own.state()));
        if (own.timeline() > 0) text.append(", timeline ").append(own.timeline());
        for (MemberStatus.Mark mark : MemberStatus.Mark.values()) if (own.is(mark)) text.append(", ").append(word(mark));
        return text.toString();
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private void follow(ClusterDocument document) {
        for (ClusterDocument.Member each : document.members()) {
            each.address().ifPresent(nodes::add);
            each.restUrl().ifPresent(url -> named.putIfAbsent(each.name(), url));
        }
        document.leader().ifPresent(leader -> leaders.add(leader.name()));
    }

    private String failure(PatroniAnswer.Kind kind, String text) {
        String keys = "clusters." + cluster + ".patroni.";
        return kind.word() + ": " + text + switch (kind) {
            case DENIED -> "; see " + keys + "user and password";
            case TLS -> "; see " + keys + "tls";
            case TIMEOUT -> "; the limit is " + keys + "timeout";
            case UNREACHABLE, CLOSED, HTTP, NONSENSE, TOO_LARGE, WRONG_MEMBER -> "";
        };
    }

    private String who(Object member) {
        return "cluster " + cluster + ", Patroni " + member + ": ";
    }

    private void bad(String member, String text) {
        findings.add(new Finding.Bad(member.isEmpty() ? "cluster " + cluster + ": " + text : who(member) + text));
    }
}
