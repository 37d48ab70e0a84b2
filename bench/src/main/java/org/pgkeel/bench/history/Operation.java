package org.pgkeel.bench.history;

import org.pgkeel.bench.history.Outcome.Acknowledged;

/// One attempt of one client, from question to answer.
///
/// @param worker     the client; one session unless its connection was closed
/// @param key        which list or counter; 0 where there is only one thing
/// @param id         unique in the workload; a retry has a new one
/// @param wantedAt   when the client first asked for it, retries included
/// @param invokedAt  when this attempt was sent
/// @param finishedAt when its answer had come
public record Operation(int worker, Kind kind, long key, long id, long wantedAt, long invokedAt, long finishedAt, Outcome outcome) {
    public boolean acknowledged() {
        return outcome instanceof Acknowledged;
    }

    /// Nobody can say from the answer whether it happened.
    public boolean undecided() {
        return switch (outcome) {
            case Outcome.Unknown _, Outcome.Closed _ -> true;
            case Acknowledged _, Outcome.Failed _ -> false;
        };
    }

    /// How long the client waited, its retries included.
    public long waitedNanos() {
        return finishedAt - wantedAt;
    }
}
