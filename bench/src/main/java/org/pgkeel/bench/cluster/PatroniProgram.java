package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Patroni as a command: the one that `bench/bin/get-patroni` fetched, else the installed one.
///
/// @param command without the configuration file
/// @param version as it says itself, `patroni 4.0.7`
record PatroniProgram(List<String> command, String version) {
    private static final String PYTHON = "/usr/bin/python3";
    private static final Path INSTALLED = Path.of("/usr/bin/patroni");
    private static final String PACKAGES = "usr/lib/python3/dist-packages";
    private static final Duration LIMIT = Duration.ofSeconds(20);

    PatroniProgram {
        command = List.copyOf(command);
    }

    /// @param work gets a copy: the cache is its owner's alone to read, and Patroni runs as another user
    /// @throws IOException if there is none at all
    static PatroniProgram find(WorkFolder work) throws IOException {
        Path fetched = Caches.folder().resolve("patroni");
        if (Files.isDirectory(fetched.resolve(PACKAGES).resolve("patroni"))) {
            Path packages = Caches.copy(fetched.resolve(PACKAGES), work.folder("patroni"));
            return of(List.of("/usr/bin/env", "PYTHONPATH=" + packages, PYTHON, "-P", "-m", "patroni"));
        }
        if (!Files.isExecutable(INSTALLED)) {
            throw new IOException("no Patroni: apt-get install patroni python3-etcd python3-kazoo, then bench/bin/get-patroni for a newer one");
        }
        PatroniProgram installed = of(List.of(INSTALLED.toString()));
        System.err.println("note: " + installed.version + " is what this system has; bench/bin/get-patroni fetches a newer one");
        return installed;
    }

    private static PatroniProgram of(List<String> command) throws IOException {
        var ask = new ArrayList<>(command);
        ask.add("--version");
        String answer = Processes.run(LIMIT, Map.of(), ask).trim();
        return new PatroniProgram(command, answer.replace("__main__.py", "patroni"));
    }
}
