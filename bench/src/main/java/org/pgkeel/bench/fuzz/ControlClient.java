package org.pgkeel.bench.fuzz;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.WireClient;

/// A well-behaved client of the same proxy: asks questions whose answers it knows, over an old session and over new ones,
/// and accepts no error, no wrong answer and no long wait.
///
/// Threading: [#run] on a thread of its own; the rest from any thread.
final class ControlClient implements Runnable {
    private static final int QUERIES_PER_NEW_SESSION = 50;
    private static final Duration PAUSE = Duration.ofMillis(2);
    private static final String MARK = "control";

    private final InetSocketAddress target;
    private final Login login;
    private final Duration stall;
    private volatile boolean stopped;
    private volatile long queries;
    private volatile double slowestMillis;
    private volatile Optional<String> complaint = Optional.empty();

    /// @param stall a wait that is too long
    ControlClient(InetSocketAddress target, Login login, Duration stall) {
        this.target = target;
        this.login = login;
        this.stall = stall;
    }

    @Override
    public void run() {
        try (WireClient old = WireClient.connect(target, login, stall.multipliedBy(10))) {
            old.queryValue("select set_config('application_name', '" + MARK + "', false)");
            while (!stopped && complaint.isEmpty()) {
                check(old, "select current_setting('application_name') || %d", MARK);
                if (queries % QUERIES_PER_NEW_SESSION == 0) {
                    try (WireClient fresh = WireClient.connect(target, login, stall.multipliedBy(10))) {
                        check(fresh, "select 'fresh' || %d", "fresh");
                    }
                }
                Thread.sleep(PAUSE);
            }
        } catch (IOException e) {
            complaint = Optional.of("after " + queries + " queries: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void check(WireClient client, String sql, String prefix) throws IOException {
        long number = queries + 1;
        long before = System.nanoTime();
        String answer = client.queryValue(sql.formatted(number));
        double millis = (System.nanoTime() - before) / 1e6;
        queries = number;
        slowestMillis = Math.max(slowestMillis, millis);
        if (!answer.equals(prefix + number)) complaint = Optional.of("wrong answer: " + answer + " in place of " + prefix + number);
        else if (millis > stall.toMillis()) complaint = Optional.of("query " + number + " took " + Math.round(millis) + " ms");
    }

    void stop() {
        stopped = true;
    }

    long queries() {
        return queries;
    }

    double slowestMillis() {
        return slowestMillis;
    }

    Optional<String> complaint() {
        return complaint;
    }
}
