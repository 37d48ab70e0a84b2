package org.pgkeel.bench.ingest;

import org.pgkeel.bench.report.Sample;

/// What one run gave.
///
/// @param sample             per row instead of per transaction
/// @param p999Micros         99.9th percentile of the time to the acknowledgement
/// @param walBytesPerRow     by which PostgreSQL's log grew
/// @param generatorMicros    CPU of the bench itself, per row
/// @param proxyResidentBytes the most that the proxy's process had in memory, 0 without a proxy
record Figures(Sample sample, double p999Micros, double walBytesPerRow, double generatorMicros, long proxyResidentBytes) {
    /// Names of the figures that [Sample] has no room for; they become readings.
    enum Extra {
        P999("p99.9 us"), WAL("WAL bytes/row"), GENERATOR("generator CPU us/row"), RESIDENT("proxy resident MiB");

        private final String words;

        Extra(String words) {
            this.words = words;
        }

        String of(String workload) {
            return words + ", " + workload;
        }
    }

    private static final double MIB = 1024.0 * 1024;

    double extra(Extra which) {
        return switch (which) {
            case P999 -> p999Micros;
            case WAL -> walBytesPerRow;
            case GENERATOR -> generatorMicros;
            case RESIDENT -> proxyResidentBytes / MIB;
        };
    }
}
