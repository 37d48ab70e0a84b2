package org.pgkeel.proxy.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// One process of PostgreSQL's programs. Signals go by `kill(1)`, because the JDK knows only two of them.
record ServerProcess(ProcessHandle handle, Optional<Process> child) {
    private static final Duration POLL = Duration.ofMillis(10);
    private static final Duration STOP_MAX = Duration.ofSeconds(30);
    private static final Duration CHILDREN_MAX = Duration.ofSeconds(5);
    /// The line of `postmaster.pid` that says how far the server is.
    private static final int STATUS_LINE = 7;

    /// Starts the command with nothing of our environment. It is started by a thread that lives as long as the process does:
    /// the kernel's parent-death signal follows the thread ([ServerAccount#command]).
    static ServerProcess start(ServerAccount account, Path folder, Path log, List<String> command) {
        var builder = new ProcessBuilder(account.command(command)).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "HOME", folder.toString()));
        var started = new CompletableFuture<Process>();
        Thread.ofPlatform().daemon().name("parent of " + Path.of(command.getFirst()).getFileName() + " in " + folder).start(() -> {
            try {
                Process process = builder.start();
                started.complete(process);
                process.waitFor();
            } catch (IOException e) {
                started.completeExceptionally(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            Process process = started.join();
            return new ServerProcess(process.toHandle(), Optional.of(process));
        } catch (CompletionException e) {
            throw new UncheckedIOException("cannot start " + command.getFirst(), (IOException) e.getCause());
        }
    }

    /// Stops the server that an earlier, killed run left in this data folder.
    static void stopLeftover(Path data) {
        Path pidFile = data.resolve("postmaster.pid");
        try {
            if (Files.exists(pidFile)) {
                long pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
                ProcessHandle.of(pid).filter(handle -> isPostmasterOf(handle, data))
                        .ifPresent(handle -> new ServerProcess(handle, Optional.empty()).stop());
            }
        } catch (IOException e) {
            throw DataFolder.broken(data, e);
        } catch (NumberFormatException e) {
            // Half written by a server that died at its start: PostgreSQL itself removes it.
        }
    }

    private static boolean isPostmasterOf(ProcessHandle handle, Path data) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(handle.pid()), "cwd")).equals(data.toRealPath());
        } catch (IOException e) {
            return handle.info().command().filter(command -> command.endsWith("postgres")).isPresent();   // no /proc: macOS
        }
    }

    long pid() {
        return handle.pid();
    }

    boolean isAlive() {
        return child.map(Process::isAlive).orElseGet(handle::isAlive);
    }

    /// @return the exit code; -1 if it did not end in time, and was killed
    int waitFor(Duration max) {
        if (!ended(max)) {
            handle.destroyForcibly();
            return -1;
        }
        return child.map(Process::exitValue).orElse(0);
    }

    /// @return whether the server accepts connections; `false` if it ended before, or took too long
    boolean waitUntilReady(Path data, Duration max) {
        Path pidFile = data.resolve("postmaster.pid");
        long deadline = System.nanoTime() + max.toNanos();
        while (System.nanoTime() < deadline) {
            if (saysReady(pidFile)) {
                return true;
            }
            if (ended(POLL)) {
                return false;
            }
        }
        return false;
    }

    private boolean saysReady(Path pidFile) {
        try {
            List<String> lines = Files.readAllLines(pidFile);
            return lines.size() > STATUS_LINE && lines.getFirst().strip().equals(Long.toString(pid())) && lines.get(STATUS_LINE).strip().equals("ready");
        } catch (IOException e) {
            return false;   // not written yet
        }
    }

    /// A fast shutdown, also of a frozen server; in the end by force.
    void stop() {
        List<ProcessHandle> all = all();
        signal("CONT", all);
        signal("INT", List.of(handle));
        if (!ended(STOP_MAX)) {
            signal("KILL", all());
            ended(CHILDREN_MAX);
        }
    }

    void kill() {
        signal("STOP", List.of(handle));   // so that no child is born that is not in the list
        List<ProcessHandle> all = all();
        signal("KILL", List.of(handle));
        signal("CONT", all);   // a frozen child would not notice
        ended(CHILDREN_MAX);
        for (ProcessHandle each : all) {
            if (!new ServerProcess(each, Optional.empty()).ended(CHILDREN_MAX)) {
                each.destroyForcibly();
            }
        }
    }

    void signalAll(String name) {
        signal(name, all());
    }

    private List<ProcessHandle> all() {
        return Stream.concat(Stream.of(handle), handle.descendants()).toList();
    }

    private static void signal(String name, List<ProcessHandle> targets) {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        targets.stream().filter(ProcessHandle::isAlive).forEach(target -> command.add(Long.toString(target.pid())));
        if (command.size() == 2) {
            return;
        }
        try {
            new ProcessBuilder("sh", "-c", String.join(" ", command)).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot send " + name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean ended(Duration max) {
        try {
            if (child.isPresent()) {
                return child.get().waitFor(max.toMillis(), TimeUnit.MILLISECONDS);
            }
            handle.onExit().get(max.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !isAlive();
        } catch (java.util.concurrent.TimeoutException e) {
            return false;
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
