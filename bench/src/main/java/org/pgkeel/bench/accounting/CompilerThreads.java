package org.pgkeel.bench.accounting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.Stream;

/// CPU time of the JIT compiler threads of one JVM: warm-up, not work. HotSpot names them `C1 CompilerThread0` and
/// `C2 CompilerThread0`, the kernel keeps 15 characters. A compiler thread that ended is not seen any more, so the
/// figure is a lower bound; on a warm JVM it is near zero.
public final class CompilerThreads {
    private CompilerThreads() {}

    public static CpuTime cpuTime(long pid) {
        var threads = new ArrayList<ProcStat>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            tasks.forEach(task -> ProcessTree.readStat(task.resolve("stat"), threads));
        } catch (IOException processIsGone) {
            return CpuTime.ZERO;
        }
        return threads.stream()
                .filter(thread -> isCompiler(thread.name()))
                .map(ProcStat::own)
                .reduce(CpuTime.ZERO, CpuTime::plus);
    }

    static boolean isCompiler(String threadName) {
        return threadName.startsWith("C1 CompilerThre") || threadName.startsWith("C2 CompilerThre");
    }
}
