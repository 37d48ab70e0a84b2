package org.pgkeel.failover.topology;

import java.time.Duration;

/// Something that an operator has to look at: as long as it stands, the cluster is not what it should be.
///
/// Threading: immutable.
///
/// @param text one line with names and numbers
public record Alarm(Kind kind, String text) {
    public enum Kind {
        /// Two servers take writes on different timelines; the one on the higher is followed, the other gets nothing.
        TWO_PRIMARIES("two_primaries"),
        /// Two servers take writes on the same timeline: nobody can say which is right, and nobody gets anything.
        TWO_PRIMARIES_ON_ONE_TIMELINE("two_primaries_on_one_timeline"),
        /// The leader's timeline is lower than one that was followed before: acknowledged writes are lost.
        TIMELINE_WENT_BACK("timeline_went_back"),
        /// A server takes writes on a higher timeline, and Patroni does not call it the leader. So does each that is promoted, for a moment.
        UNKNOWN_PRIMARY("unknown_primary", Duration.ofSeconds(2)),
        /// No member's REST API answers; the primary is held to by what PostgreSQL says alone.
        PATRONI_SILENT("patroni_silent");

        private final String word;
        private final Duration patience;

        Kind(String word) {
            this(word, Duration.ZERO);
        }

        Kind(String word, Duration patience) {
            this.word = word;
            this.patience = patience;
        }

        /// In logs, metrics and the console.
        public String word() {
            return word;
        }

        /// How long it stands before it is worth an operator's attention.
        public Duration patience() {
            return patience;
        }
    }
}
