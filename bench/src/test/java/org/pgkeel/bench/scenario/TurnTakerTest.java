package org.pgkeel.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Sample;

/// With a shell in pgbench's place.
class TurnTakerTest {
    private static final long SELF = ProcessHandle.current().pid();
    private static final Workload WORKLOAD = Workload.all().getFirst();

    private record Proxy() implements Target {
        @Override
        public String name() {
            return "pgkeel";
        }

        @Override
        public String version() {
            return "";
        }

        @Override
        public int port() {
            return 0;
        }

        @Override
        public Code code() {
            return Code.JVM;
        }

        @Override
        public OptionalLong proxyPid() {
            return OptionalLong.of(SELF);
        }
    }

    @TempDir
    private Path folder;

    /// Says its pid, and works until SIGALRM.
    private ProcessBuilder pgbench(String atEnd) {
        return new ProcessBuilder("sh", "-c", """
                trap '%s; exit 0' ALRM
                echo $$ >pid
                echo 'progress: 2.0 s, 50.0 tps, lat 1.218 ms stddev 0.341, 0 failed'
                while :; do :; done
                """.formatted(atEnd)).directory(folder.toFile()).redirectErrorStream(true);
    }

    private String state() throws IOException {
        long pid = Long.parseLong(Files.readString(folder.resolve("pid")).trim());
        Path stat = Path.of("/proc/" + pid + "/stat");
        return Files.exists(stat) ? Files.readString(stat).replaceAll(".*\\) (.).*\\R?", "$1") : "gone";
    }

    @Test
    void what_it_did_before_the_first_line_is_not_counted() throws Exception {
        try (var signals = new Signals()) {
            var taker = TurnTaker.start(new Proxy(), SELF, signals, pgbench("echo number of transactions actually processed: 700; echo \"number of failed transactions: 3 (0.1%%)\""));
            await().untilAsserted(() -> assertThat(state()).isEqualTo("T"));

            taker.turn(Duration.ofMillis(1));
            await().untilAsserted(() -> assertThat(state()).isEqualTo("T"));
            Sample sample = taker.end(WORKLOAD, 7);

            assertThat(sample.target()).isEqualTo("pgkeel");
            assertThat(sample.round()).isEqualTo(7);
            assertThat(sample.failed()).isEqualTo(3);
            double seconds = 600 / sample.perSecond();
            assertThat(seconds).isBetween(0.001, 60.0);
            assertThat(sample.proxyCpu().totalMicros()).isNotNegative();
        }
    }

    @Test
    void a_pgbench_that_fails_says_why() throws Exception {
        try (var signals = new Signals()) {
            var fails = new ProcessBuilder("sh", "-c", "echo 'pgbench: error: no such thing'; exit 1").redirectErrorStream(true);

            assertThatThrownBy(() -> TurnTaker.start(new Proxy(), SELF, signals, fails)).isInstanceOf(IOException.class).hasMessageContaining("no such thing");
        }
    }

    @Test
    void whoever_is_stopped_when_the_bench_ends_is_killed() throws Exception {
        var signals = new Signals();
        TurnTaker.start(new Proxy(), SELF, signals, pgbench(":"));
        await().untilAsserted(() -> assertThat(state()).isEqualTo("T"));

        signals.close();

        await().until(() -> Optional.of(state()).filter(now -> now.equals("gone") || now.equals("Z")).isPresent());
    }
}
