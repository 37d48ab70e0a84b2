package org.pgkeel.bench.accounting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// CPU time of a process with all its descendants, those that have ended included.
public final class ProcessTree {
    private static final Path PROC = Path.of("/proc");

    private ProcessTree() {}

    /// @param root a process id; one that is gone has used nothing
    public static CpuTime cpuTime(long root) {
        List<ProcStat> all = everyProcess();
        return sum(root, all);
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
                    .forEach(folder -> readStat(folder.resolve("stat"), all));
        } catch (IOException e) {
            throw new IllegalStateException("cannot list " + PROC, e);
        }
        return all;
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
