package org.pgkeel.bench.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgkeel.bench.scenario.ChaosCluster;

/// The faults that need namespaces of their own, in a JVM that has them; only root may make them.
class SandboxTest {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @Test
    @Timeout(900)
    void packets_are_lost_and_disks_are_full_in_namespaces_of_the_runs_own() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> chaos = List.of(java, "-Xmx256m", "-cp", System.getProperty("java.class.path"), "-Dpgkeel.sandbox=own", ChaosCluster.class.getName(),
                "--async", "--faults", "packets-lost,disk-full-wal,cut-from-everything");
        if (ROOT) {
            String output = run(List.of("unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"), chaos);
            assertThat(output).containsPattern("packets-lost +n\\d, promoted nobody").containsPattern("disk-full-wal +n\\d, promoted n\\d").containsPattern("cut-from-everything +n\\d, promoted n\\d")
                    .doesNotContain("FAILED").doesNotContain("left out");
        } else {
            // The property alone must not let rules loose on the machine's network.
            assertThat(run(List.of(), chaos)).containsPattern("packets-lost +left out");
        }
    }

    private static String run(List<String> prefix, List<String> command) throws IOException, InterruptedException {
        var all = new java.util.ArrayList<>(prefix);
        all.addAll(command);
        Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
