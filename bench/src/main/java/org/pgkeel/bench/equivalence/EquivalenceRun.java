package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.pgkeel.bench.client.Login;

/// Many clients, each of which is two: one asks through PgKeel, all of them at the same time, then the other asks PostgreSQL the same.
///
/// Threading: each client has a thread of its own; the counts are shared.
final class EquivalenceRun {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern FAILING_ROW = Pattern.compile("(DFailing row contains \\()([^|]*)");
    private static final Pattern BOUND_IN_VAIN = Pattern.compile("(?m)^2 \\n((n |T .*)\\n)?E ");
    private static final Pattern SQL_STATE = Pattern.compile("(?m)^E .*?\\| C([0-9A-Z]{5})");
    private static final int KEPT_MAX = 200;
    private static final long PROGRESS_MILLIS = 10_000;

    /// Where one side of each client connects.
    record Side(int port, Login login) {}

    /// @param cases     of all clients together
    record Plan(long seed, long cases, int clients) {}

    /// @param differences replies that were not the same, each with what was asked; not more than are worth reading
    /// @param different   how many there were
    /// @param forms       cases by kind
    /// @param sqlStates   errors that PostgreSQL gave directly, by SQLSTATE
    record Outcome(long cases, long different, List<String> differences, Map<String, Long> forms, Map<String, Long> sqlStates) {}

    private final Plan plan;
    private final Side direct;
    private final Side through;
    private final Consumer<String> say;
    /// Where clients wait for one another before each case, so that those who do alike do it at the same time.
    private final Phaser together = new Phaser();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong different = new AtomicLong();
    private final List<String> differences = new ArrayList<>();
    private final Map<String, AtomicLong> forms = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> sqlStates = new ConcurrentHashMap<>();

    EquivalenceRun(Plan plan, Side direct, Side through, Consumer<String> say) {
        this.plan = plan;
        this.direct = direct;
        this.through = through;
        this.say = say;
    }

    Outcome run() throws IOException, InterruptedException {
        Dictionary dictionary;
        try (Peer peer = new Peer(direct.port, direct.login, PATIENCE)) {
            dictionary = Dictionary.ask(peer);
        }
        var threads = new ArrayList<Thread>();
        together.bulkRegister(plan.clients);
        for (int client = 0; client < plan.clients; client++) {
            int number = client;
            threads.add(Thread.ofVirtual().name("client-" + client).start(() -> client(number, dictionary)));
        }
        long lastSaid = System.nanoTime();
        for (Thread thread : threads) {
            while (!thread.join(Duration.ofMillis(500))) {
                if (System.nanoTime() - lastSaid < PROGRESS_MILLIS * 1_000_000) continue;
                lastSaid = System.nanoTime();
                say.accept("%,d of %,d cases, %d different".formatted(done.get(), plan.cases, different.get()));
            }
        }
        return new Outcome(done.get(), different.get(), List.copyOf(differences), counts(forms), counts(sqlStates));
    }

    private void client(int number, Dictionary dictionary) {
        try (Peer a = new Peer(direct.port, direct.login, PATIENCE); Peer b = new Peer(through.port, through.login, PATIENCE)) {
            var maker = new CaseMaker(plan.seed, number, dictionary, Profiles::any);
            long mine = plan.cases / plan.clients + (number < plan.cases % plan.clients ? 1 : 0);
            for (long n = 0; n < mine; n++) {
                CaseMaker.Case next = maker.next();
                together.arriveAndAwaitAdvance();
                b.send(next.messages());
                List<String> got = b.receive(next.readies());
                a.send(next.messages());
                List<String> expected = a.receive(next.readies());
                judge(number, n, next, expected, got);
                if (expected.stream().anyMatch(line -> line.startsWith("E "))) maker.failed();
                if (got.getLast().startsWith(Peer.CLOSED) || expected.getLast().startsWith(Peer.CLOSED)) return;
            }
        } catch (IOException e) {
            note("client %d ended: %s".formatted(number, e));
        } finally {
            together.arriveAndDeregister();
        }
    }

    private void judge(int client, long n, CaseMaker.Case asked, List<String> expected, List<String> got) {
        done.incrementAndGet();
        count(forms, asked.form());
        String left = masked(expected, asked.unstable());
        String right = masked(got, asked.unstable());
        var state = SQL_STATE.matcher(left);
        while (state.find()) count(sqlStates, state.group(1));
        if (left.equals(right)) return;
        note("client %d, case %d, %s\n  asked    %s\n  direct   %s\n  through  %s".formatted(client, n, asked.form(), asked.what(), left.replace("\n", "\n           "), right.replace("\n", "\n           ")));
    }

    private void note(String difference) {
        if (different.incrementAndGet() > KEPT_MAX) return;
        synchronized (differences) {
            differences.add(difference);
        }
    }

    /// What sequences and clocks gave is made the same. A value that fails in the planner fails at Bind with a plan of the values' own and at Execute
    /// with a generic one, which PostgreSQL takes after five executions by whomever: so BindComplete right before an error is not compared.
    static String masked(List<String> lines, int unstable) {
        String all = BOUND_IN_VAIN.matcher(String.join("\n", lines)).replaceAll("E ");
        if (unstable == 0) return all;
        return FAILING_ROW.matcher(all).replaceAll(found -> {
            String[] values = found.group(2).split(", ", unstable + 1);
            for (int i = 0; i < Math.min(unstable, values.length); i++) values[i] = "~";
            return java.util.regex.Matcher.quoteReplacement(found.group(1) + String.join(", ", values));
        });
    }

    private static void count(Map<String, AtomicLong> counts, String what) {
        counts.computeIfAbsent(what, _ -> new AtomicLong()).incrementAndGet();
    }

    private static Map<String, Long> counts(Map<String, AtomicLong> counts) {
        var sorted = new TreeMap<String, Long>();
        counts.forEach((what, count) -> sorted.put(what, count.get()));
        return sorted;
    }
}
