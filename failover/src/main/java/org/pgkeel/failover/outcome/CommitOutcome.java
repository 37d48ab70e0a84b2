package org.pgkeel.failover.outcome;

import java.util.Locale;

/// What became of a transaction that was in flight. Every outcome says why.
public sealed interface CommitOutcome {
    Reason reason();

    /// It is committed in the surviving history: the client gets the success that it was owed.
    record Committed(Reason reason) implements CommitOutcome {}

    /// It is not, and never will be: it may be run again.
    record Aborted(Reason reason) implements CommitOutcome {}

    /// It cannot be known: `08007`, and nothing is run again.
    record Unknown(Reason reason) implements CommitOutcome {}

    /// `committed`, `aborted` or `unknown`.
    default String word() {
        return switch (this) {
            case Committed _ -> "committed";
            case Aborted _ -> "aborted";
            case Unknown _ -> "unknown";
        };
    }

    enum Reason {
        /// The survivor's `pg_xact_status`, proved to be about this transaction.
        STATUS,
        /// It is a prepared transaction now.
        PREPARED,
        /// It had no xid: there was nothing to commit.
        NOTHING_WRITTEN,
        /// The commit point had not been sent.
        COMMIT_NOT_SENT,
        /// The stream ended in order before the probe's answer, which comes before the commit.
        ENDED_BEFORE_MARK,
        /// The surviving history leaves the timeline before the transaction's position.
        BEYOND_SWITCH,
        /// The survivor has not seen the xid, or has given it to a transaction that runs now.
        XID_NOT_SEEN,
        /// The surviving history does not contain the transaction's timeline.
        TIMELINE_ABANDONED,
        /// COMMIT PREPARED did not happen.
        STILL_PREPARED,
        /// The kind of work has effects without an xid.
        UNMARKED,
        /// The kind of work commits in several parts.
        COMMITS_INSIDE,
        /// The probe was not sent.
        NOT_PROBED,
        /// The stream broke before the probe's answer.
        MARK_NOT_RECEIVED,
        /// It is not known where the surviving history leaves the transaction's timeline, and the xid may have been given out twice.
        NO_SWITCH_POINT,
        /// The server may have crashed twice unseen, and the xid may have been given out twice.
        CRASH_UNSEEN,
        /// Two servers wrote the same timeline.
        TIMELINE_FORKED,
        /// The survivor has forgotten the xid's status.
        STATUS_FORGOTTEN,
        /// No primary was there in time.
        NO_PRIMARY_IN_TIME,
        /// The primary did not answer in time.
        NO_ANSWER_IN_TIME,
        /// The transaction was still in progress when time ran out.
        STILL_IN_PROGRESS,
        /// It is committed on its server, and no synchronous standby has confirmed it in time.
        NOT_REPLICATED_IN_TIME,
        /// The configuration has other servers now than those that it ran on.
        OTHER_SERVERS,
        /// Too many transactions wait for their outcome already.
        TOO_MANY;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
