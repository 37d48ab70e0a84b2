package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The network and mount namespaces that `BENCH_SANDBOX=yes bench/bin/bench-java` makes for a run by root: in them packets may be dropped and small
/// disks mounted, and nobody outside notices. All goes when the run ends, in whatever way.
public final class Sandbox {
    /// Set to `own` by the script.
    public static final String PROPERTY = "pgkeel.sandbox";

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final long DISK_BYTES = 1L << 30;
    private static final int FILL_ATTEMPTS = 50;

    private Sandbox() {}

    /// Why there is none; empty if there is one.
    public static Optional<String> missing() {
        if (!"own".equals(System.getProperty(PROPERTY))) return Optional.of("needs namespaces of its own: BENCH_SANDBOX=yes, called by root");
        try {
            // Whoever sets the property by hand must not get rules on the machine's real network.
            boolean alone = NetworkInterface.networkInterfaces().allMatch(Sandbox::isLoopbackOrDown);
            return alone ? Optional.empty() : Optional.of("this network namespace is not the run's own: it has more than a loopback interface");
        } catch (SocketException e) {
            return Optional.of("cannot list network interfaces: " + e.getMessage());
        }
    }

    /// Makes the folder a disk of its own of 1 GiB, empty.
    static void mount(Path folder) throws IOException {
        Processes.run(LIMIT, Map.of(), List.of("mount", "-t", "tmpfs", "-o", "mode=0755,size=" + DISK_BYTES, "tmpfs", folder.toString()));
    }

    static void unmount(Path folder) throws IOException {
        Processes.run(LIMIT, Map.of(), List.of("umount", "--lazy", folder.toString()));
    }

    /// Leaves the disk of this folder no room.
    public static void fill(Path folder) throws IOException {
        FileStore store = Files.getFileStore(folder);
        for (int attempt = 1; ; attempt++) {
            try {
                resize(folder, store.getTotalSpace() - store.getUnallocatedSpace());
                return;
            } catch (IOException grewMeanwhile) {
                // A disk cannot be made smaller than what is on it, and PostgreSQL goes on writing.
                if (attempt == FILL_ATTEMPTS) throw grewMeanwhile;
            }
        }
    }

    /// Gives the disk of this folder its room back.
    public static void empty(Path folder) throws IOException {
        resize(folder, DISK_BYTES);
    }

    private static void resize(Path folder, long bytes) throws IOException {
        Processes.run(LIMIT, Map.of(), List.of("mount", "-o", "remount,size=" + bytes, folder.toString()));
    }

    private static boolean isLoopbackOrDown(NetworkInterface network) {
        try {
            return network.isLoopback() || !network.isUp();
        } catch (SocketException gone) {
            return true;
        }
    }
}
