package org.pgkeel.failover.outcome;

import java.util.Optional;

/// What has been found out so far.
///
/// @param status      asked of the run of the survivor that `descent` is about
/// @param replication whether a commit that came after the status was confirmed by the synchronous standbys, if there are any
public record Evidence(Optional<Descent> descent, Optional<XactStatus> status, Replication replication) {
    public static final Evidence NONE = new Evidence(Optional.empty(), Optional.empty(), Replication.UNCONFIRMED);

    public enum Replication { UNCONFIRMED, CONFIRMED }

    public static Evidence of(Descent descent) {
        return new Evidence(Optional.of(descent), Optional.empty(), Replication.UNCONFIRMED);
    }

    public Evidence with(XactStatus answer) {
        return new Evidence(descent, Optional.of(answer), replication);
    }

    public Evidence confirmed() {
        return new Evidence(descent, status, Replication.CONFIRMED);
    }
}
