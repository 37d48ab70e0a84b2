package org.pgkeel.bench.verdict;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.report.Statistics;

/// Acknowledged operations per 100 ms, by their end; latencies include retries and are NaN where nothing ended.
public record Buckets(int[] count, double[] p50Millis, double[] p99Millis, double[] maxMillis) {
    public static final long WIDTH_NANOS = 100_000_000;

    /// @param fromNanos where the first bucket begins
    /// @param toNanos   the last bucket holds it
    public static Buckets of(List<Operation> operations, long fromNanos, long toNanos) {
        int size = (int) Math.max(1, (toNanos - fromNanos) / WIDTH_NANOS + 1);
        var waits = new ArrayList<List<Double>>();
        for (int i = 0; i < size; i++) waits.add(new ArrayList<>());
        for (Operation operation : operations) {
            if (!operation.acknowledged() || operation.kind() == Kind.LOGIN) continue;
            long bucket = Math.floorDiv(operation.finishedAt() - fromNanos, WIDTH_NANOS);
            if (bucket >= 0 && bucket < size) waits.get((int) bucket).add(operation.waitedNanos() / 1e6);
        }
        var buckets = new Buckets(new int[size], new double[size], new double[size], new double[size]);
        for (int i = 0; i < size; i++) {
            double[] millis = waits.get(i).stream().mapToDouble(Double::doubleValue).toArray();
            buckets.count[i] = millis.length;
            buckets.p50Millis[i] = Statistics.percentile(50, millis);
            buckets.p99Millis[i] = Statistics.percentile(99, millis);
            buckets.maxMillis[i] = Statistics.percentile(100, millis);
        }
        return buckets;
    }
}
