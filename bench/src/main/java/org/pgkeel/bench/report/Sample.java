package org.pgkeel.bench.report;

import org.pgkeel.bench.accounting.CpuTime;

/// One run of one workload against one target.
///
/// @param round       counted from 1; samples of the same round are compared with one another
/// @param perSecond   transactions per second
/// @param proxyCpu    microseconds per transaction of the proxy's whole process tree; zero without a proxy
/// @param compilerCpu the part of `proxyCpu` that JIT compiler threads used
/// @param postgresCpu microseconds per transaction of PostgreSQL's whole process tree
/// @param p50Micros   median latency, as the client sees it
/// @param p99Micros   99th percentile
/// @param failed      transactions that failed; anything but 0 makes the run worthless
public record Sample(
        String workload, String target, int round, double perSecond, CpuTime proxyCpu, CpuTime compilerCpu, CpuTime postgresCpu,
        double p50Micros, double p99Micros, long failed) {

    /// What the proxy costs once it is warm.
    public CpuTime warmProxyCpu() {
        return proxyCpu.minus(compilerCpu);
    }
}
