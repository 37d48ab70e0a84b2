package org.pgkeel.failover.hold;

/// Why clients wait.
public enum HoldReason {
    /// No primary has been found since the start.
    STARTING("starting"),
    /// Something happened to the primary that may mean nothing; it is being asked.
    DOUBTED("doubted"),
    /// The primary does not answer, or it is not one any more.
    PRIMARY_LOST("primary_lost"),
    /// The leader key is not its any more, whether it takes writes or not: nothing that it answers counts.
    DEPOSED("deposed"),
    /// Patroni has begun, or is about to begin, a switchover.
    SWITCHOVER("switchover"),
    /// Two servers claim to be primary and none can be believed, or the leader's timeline went back.
    ALARM("alarm"),
    /// An operator said PAUSE.
    BY_HAND("by_hand");

    private final String word;

    HoldReason(String word) {
        this.word = word;
    }

    /// In logs, metrics and the console.
    public String word() {
        return word;
    }
}
