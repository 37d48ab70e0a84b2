package org.pgkeel.bench.accounting;

/// One `/proc/PID/stat` or `/proc/PID/task/TID/stat`.
///
/// @param name   the thread's name, cut to 15 characters by the kernel
/// @param threads of this process
/// @param own     used by this process (all its threads) or this thread
/// @param reaped  used by children that have ended and were waited for
record ProcStat(long id, String name, long parent, int threads, CpuTime own, CpuTime reaped) {
    /// Fields after the name, counted from the state as 0; see proc(5).
    private static final int PARENT = 1;
    private static final int USER = 11;
    private static final int SYSTEM = 12;
    private static final int CHILDREN_USER = 13;
    private static final int CHILDREN_SYSTEM = 14;
    private static final int THREADS = 17;

    private static final double NANOS_PER_MICRO = 1000;

    /// The name may hold spaces and parentheses, so it ends at the last `)`.
    static ProcStat parse(String line) {
        int open = line.indexOf('(');
        int close = line.lastIndexOf(')');
        if (open < 0 || close < open) throw new IllegalArgumentException("not a stat line: " + line);
        String[] fields = line.substring(close + 2).split(" ");
        return new ProcStat(
                Long.parseLong(line.substring(0, open).trim()),
                line.substring(open + 1, close),
                Long.parseLong(fields[PARENT]),
                Integer.parseInt(fields[THREADS]),
                CpuTime.ofTicks(Long.parseLong(fields[USER]), Long.parseLong(fields[SYSTEM])),
                CpuTime.ofTicks(Long.parseLong(fields[CHILDREN_USER]), Long.parseLong(fields[CHILDREN_SYSTEM])));
    }

    /// @param schedstat `/proc/PID/schedstat` of a process with one thread: its first number is the time on a CPU in nanoseconds. A thousand processes
    ///                  that have each worked for half a tick have used nothing by their ticks.
    /// @return the same with that time, user and system in the ratio of the ticks, all of it user as long as there is none
    ProcStat precisely(String schedstat) {
        double micros = Long.parseLong(schedstat.substring(0, schedstat.indexOf(' '))) / NANOS_PER_MICRO;
        double system = own.totalMicros() == 0 ? 0 : micros * own.systemMicros() / own.totalMicros();
        return new ProcStat(id, name, parent, threads, new CpuTime(micros - system, system), reaped);
    }
}
