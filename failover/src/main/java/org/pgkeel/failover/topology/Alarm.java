package org.pgkeel.failover.topology;

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
        /// A server takes writes on a higher timeline, and Patroni does not call it the leader.
        UNKNOWN_PRIMARY("unknown_primary"),
        /// No member's REST API answers; the primary is held to by what PostgreSQL says alone.
        PATRONI_SILENT("patroni_silent");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /// In logs, metrics and the console.
        public String word() {
            return word;
        }
    }
}
