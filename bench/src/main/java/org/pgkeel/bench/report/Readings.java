package org.pgkeel.bench.report;

/// Names of the figures that are not per transaction.
public final class Readings {
    public static final String FIRST_QUERY = "start to first query, ms";

    private Readings() {}

    public static String memory(int idleClients) {
        return "resident memory, " + idleClients + " idle clients, MiB";
    }
}
