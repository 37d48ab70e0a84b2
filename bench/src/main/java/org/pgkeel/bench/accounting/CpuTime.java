package org.pgkeel.bench.accounting;

/// CPU time in microseconds, as the kernel accounts it. The kernel reports clock ticks of 10 ms, so a difference over a
/// window of some seconds is exact to about half a per cent for one process that is busy; many that each do little are read more exactly, see
/// [ProcStat#precisely].
public record CpuTime(double userMicros, double systemMicros) {
    public static final CpuTime ZERO = new CpuTime(0, 0);

    /// `USER_HZ`: part of Linux's interface to user space on every architecture Java runs on here.
    private static final double MICROS_PER_TICK = 1_000_000.0 / 100;

    static CpuTime ofTicks(long user, long system) {
        return new CpuTime(user * MICROS_PER_TICK, system * MICROS_PER_TICK);
    }

    public CpuTime plus(CpuTime other) {
        return new CpuTime(userMicros + other.userMicros, systemMicros + other.systemMicros);
    }

    public CpuTime minus(CpuTime other) {
        return new CpuTime(userMicros - other.userMicros, systemMicros - other.systemMicros);
    }

    public CpuTime per(double count) {
        return new CpuTime(userMicros / count, systemMicros / count);
    }

    public double totalMicros() {
        return userMicros + systemMicros;
    }
}
