package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Starting and ending child processes.
public final class Processes {
    private static final int TAIL_LINES = 15;

    private Processes() {}

    /// Starts a process whose output goes to a file.
    static Process start(Path log, Map<String, String> environment, List<String> command) throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.redirectInput(Path.of("/dev/null").toFile());
        builder.directory(log.getParent().toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /// Runs a command to its end.
    ///
    /// @return what it printed
    /// @throws IOException if it exits with anything but 0, or takes longer
    public static String run(Duration limit, Map<String, String> environment, List<String> command) throws IOException {
        Path output = Files.createTempFile("pgkeel-bench", ".out");
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
            builder.directory(Path.of("/").toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!await(process, limit)) {
                stop(process, Duration.ofSeconds(1));
                throw new IOException(command + " took longer than " + limit + ":\n" + tail(output));
            }
            if (process.exitValue() != 0) throw new IOException(command + " ended with " + process.exitValue() + ":\n" + tail(output));
            return Files.readString(output);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /// Ends a process and its descendants: politely, and after the limit for certain.
    public static void stop(Process process, Duration limit) {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroy();
        if (!await(process, limit)) process.destroyForcibly();
        for (ProcessHandle descendant : descendants) if (descendant.isAlive()) descendant.destroy();
        await(process, limit);
    }

    static boolean await(Process process, Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A port that was free a moment ago.
    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static String tail(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }
}
