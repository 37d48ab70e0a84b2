package org.pgkeel.bench.accounting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// CPU time of a process with all its descendants, those that have ended included.
public final class ProcessTree {
    private static final int ATTEMPTS = 5;
    private static final Path PROC = Path.of("/proc");

    private ProcessTree() {}

    /// A child that ends while the processes are read may be missed: gone when its turn comes, not yet reaped when its
    /// parent was read. So the root is read once more at the end, and the reading is repeated if it has reaped somebody meanwhile.
    ///
    /// @param root a process id; one that is gone has used nothing
    public static CpuTime cpuTime(long root) {
        CpuTime total = CpuTime.ZERO;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            CpuTime before = reapedBy(root);
            total = sum(root, everyProcess());
            if (reapedBy(root).equals(before)) return total;
        }
        return total;
    }

    /// Of this process alone, all its threads.
    ///
    /// @param pid one that is gone has used nothing
    public static CpuTime ownCpuTime(long pid) {
        var stat = new ArrayList<ProcStat>();
        readStat(PROC.resolve(pid + "/stat"), stat);
        return stat.isEmpty() ? CpuTime.ZERO : stat.getFirst().own();
    }

    private static CpuTime reapedBy(long root) {
        var stat = new ArrayList<ProcStat>();
        readStat(PROC.resolve(root + "/stat"), stat);
        return stat.isEmpty() ? CpuTime.ZERO : stat.getFirst().reaped();
    }

    static CpuTime sum(long root, List<ProcStat> all) {
        CpuTime total = CpuTime.ZERO;
        for (ProcStat process : all) {
            if (process.id() == root) total = total.plus(process.own()).plus(process.reaped());
            else if (process.parent() == root) total = total.plus(sum(process.id(), all));
        }
        return total;
    }

    private static List<ProcStat> everyProcess() {
        var all = new ArrayList<ProcStat>();
        try (Stream<Path> folders = Files.list(PROC)) {
            folders.filter(f -> Character.isDigit(f.getFileName().toString().charAt(0)))
                    .forEach(folder -> readProcess(folder, all));
        } catch (IOException e) {
            throw new IllegalStateException("cannot list " + PROC, e);
        }
        return all;
    }

    private static void readProcess(Path folder, List<ProcStat> into) {
        int before = into.size();
        readStat(folder.resolve("stat"), into);
        if (into.size() == before || into.getLast().threads() != 1) return;
        try {
            into.set(before, into.getLast().precisely(Files.readString(folder.resolve("schedstat"))));
        } catch (IOException kernelDoesNotTell) {
            // Its ticks have to do.
        }
    }

    /// A process may end between being listed and being read; then it is left out.
    static void readStat(Path file, List<ProcStat> into) {
        try {
            into.add(ProcStat.parse(Files.readString(file).trim()));
        } catch (IOException endedMeanwhile) {
            // Nothing to add.
        }
    }
}
