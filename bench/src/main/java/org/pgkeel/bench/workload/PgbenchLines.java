package org.pgkeel.bench.workload;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// What pgbench writes: a line per transaction in its log, and a line per client that gave up in its output.
/// <https://www.postgresql.org/docs/current/pgbench.html>
final class PgbenchLines {
    private static final Pattern SQLSTATE_UNKNOWN = Pattern.compile("not known whether the transaction was committed|resolution unknown|\\b08007\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern DISK_FULL = Pattern.compile("No space left on device|\\b53100\\b");
    private static final Pattern ABORTED = Pattern.compile("client (\\d+) (?:script \\d+ )?aborted");
    private static final int RETRIES = 7;

    private PgbenchLines() {}

    /// `client transaction microseconds script seconds microseconds lag [retries]`; in place of the time stands a word if it failed.
    ///
    /// How often it was retried is what the acknowledged operation saw.
    ///
    /// @param nanosAtEpoch what [System#nanoTime] was when the epoch began
    static Optional<Operation> transaction(String line, long nanosAtEpoch) {
        String[] fields = line.split(" ");
        if (fields.length < RETRIES) return Optional.empty();
        int client = Integer.parseInt(fields[0]);
        long finishedAt = nanosAtEpoch + Long.parseLong(fields[4]) * 1_000_000_000L + Long.parseLong(fields[5]) * 1_000L;
        boolean failed = !Character.isDigit(fields[2].charAt(0));
        // The time counts from when the transaction was due; how late it began is the lag, which may be "-" where it never did.
        long lagMicros = Character.isDigit(fields[6].charAt(0)) ? (long) Double.parseDouble(fields[6]) : 0;
        long startedAt = failed ? finishedAt : finishedAt - (Long.parseLong(fields[2]) - lagMicros) * 1_000L;
        long retries = fields.length > RETRIES ? Long.parseLong(fields[RETRIES]) : 0;
        Outcome outcome = failed ? new Outcome.Failed(fields[2].equals("serialization") ? Outcome.SERIALIZATION_FAILURE : fields[2]) : Acknowledged.saw(retries);
        return Optional.of(new Operation(client, Kind.PGBENCH, 0, Long.parseLong(fields[1]), startedAt, startedAt, finishedAt, outcome));
    }

    /// A client that stops for good, because its connection was lost or because of an error that pgbench does not retry.
    static Optional<Operation> abort(String line, long now) {
        Matcher aborted = ABORTED.matcher(line);
        if (!aborted.find()) return Optional.empty();
        Outcome outcome = SQLSTATE_UNKNOWN.matcher(line).find() ? new Outcome.Unknown(Outcome.RESOLUTION_UNKNOWN)
                : DISK_FULL.matcher(line).find() ? new Outcome.Failed("53100") : new Outcome.Closed(Outcome.Closer.PEER, "08006");
        return Optional.of(new Operation(Integer.parseInt(aborted.group(1)), Kind.PGBENCH, 0, -1, now, now, now, outcome));
    }
}
