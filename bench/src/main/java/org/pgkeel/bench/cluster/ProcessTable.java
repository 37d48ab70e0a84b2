package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Processes that were not started here themselves, as the kernel tells of them in `/proc`, and signals to them.
public final class ProcessTable {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private ProcessTable() {}

    /// All processes that work in this folder: PostgreSQL's do so in their data folder, also where the postmaster is gone or the
    /// folder was deleted under them.
    public static List<Long> workingIn(Path folder) {
        var found = new ArrayList<Long>();
        for (long pid : all()) {
            try {
                String where = Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd")).toString().replace(" (deleted)", "");
                if (where.equals(folder.toString()) && isRunning(pid)) found.add(pid);
            } catch (IOException gone) {
                // It ended, or it is another user's: not ours either way.
            }
        }
        return found;
    }

    /// This process and all that descend from it.
    public static List<Long> tree(long root) {
        var found = new ArrayList<Long>();
        if (isRunning(root)) found.add(root);
        ProcessHandle.of(root).ifPresent(handle -> handle.descendants().map(ProcessHandle::pid).filter(ProcessTable::isRunning).forEach(found::add));
        return found;
    }

    /// Whether there is such a process and it is more than an exit status that nobody has fetched.
    public static boolean isRunning(long pid) {
        char state = state(pid);
        return state != 'Z' && state != 'X' && state != ' ';
    }

    /// `R`, `S`, `T` (stopped), `Z` ... as in `/proc/PID/stat`; a space if there is no such process.
    static char state(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException | StringIndexOutOfBoundsException gone) {
            return ' ';
        }
    }

    /// The command line; PostgreSQL's processes say there what they do. Empty if there is no such process.
    static String title(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1).replace('\0', ' ').trim();
        } catch (IOException gone) {
            return "";
        }
    }

    /// Sends a signal; processes that are gone are passed over.
    ///
    /// @param signal `KILL`, `STOP`, `CONT`, ...
    public static void signal(String signal, Collection<Long> pids) throws IOException {
        List<Long> running = pids.stream().filter(ProcessTable::isRunning).toList();
        if (running.isEmpty()) return;
        var command = new ArrayList<>(List.of("/bin/kill", "-s", signal));
        running.forEach(pid -> command.add(Long.toString(pid)));
        try {
            Processes.run(KILL_LIMIT, Map.of(), command);
        } catch (IOException e) {
            if (running.stream().allMatch(ProcessTable::isRunning)) throw e;     // else one of them ended meanwhile
        }
    }

    /// Ends processes at once, stopped ones too, and waits until they are gone.
    ///
    /// @throws IOException if one is still there after the limit
    static void kill(Collection<Long> pids, Duration limit) throws IOException {
        signal("KILL", pids);
        long deadline = System.nanoTime() + limit.toNanos();
        while (pids.stream().anyMatch(ProcessTable::isRunning)) {
            if (System.nanoTime() > deadline) throw new IOException("not dead after " + limit + ": " + pids.stream().filter(ProcessTable::isRunning).toList());
            Processes.pause(Duration.ofMillis(5));
        }
    }

    private static List<Long> all() {
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            return entries.map(entry -> entry.getFileName().toString()).filter(name -> name.chars().allMatch(Character::isDigit)).map(Long::valueOf).toList();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read /proc", e);
        }
    }
}
