package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// The latencies that pgbench wrote down with `--log`: one file per thread, one line per transaction,
/// `client transaction latency_us script epoch_s epoch_us ...`.
final class TransactionLog {
    private static final int LATENCY = 2;
    private static final int END_SECONDS = 4;
    private static final int END_MICROS = 5;

    private TransactionLog() {}

    /// @param fromEpochMicros transactions that ended earlier are left out
    /// @param toEpochMicros   and those that ended later
    /// @return latencies in microseconds, in no order
    static double[] read(Path folder, String prefix, long fromEpochMicros, long toEpochMicros) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(f -> f.getFileName().toString().startsWith(prefix + ".")).toList();
        }
        double[] latencies = new double[0];
        for (Path file : files) {
            try (Stream<String> lines = Files.lines(file)) {
                double[] some = latencies(lines, fromEpochMicros, toEpochMicros);
                double[] both = Arrays.copyOf(latencies, latencies.length + some.length);
                System.arraycopy(some, 0, both, latencies.length, some.length);
                latencies = both;
            }
            Files.delete(file);
        }
        return latencies;
    }

    /// A failed transaction has a word in place of its latency; those are counted by [Progress].
    static double[] latencies(Stream<String> lines, long fromEpochMicros, long toEpochMicros) {
        return lines.map(line -> line.split(" "))
                .filter(fields -> fields.length > END_MICROS && Character.isDigit(fields[LATENCY].charAt(0)))
                .filter(fields -> {
                    long end = Long.parseLong(fields[END_SECONDS]) * 1_000_000 + Long.parseLong(fields[END_MICROS]);
                    return end >= fromEpochMicros && end <= toEpochMicros;
                })
                .mapToDouble(fields -> Double.parseDouble(fields[LATENCY]))
                .toArray();
    }
}
