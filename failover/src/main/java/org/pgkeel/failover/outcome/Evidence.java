package org.pgkeel.failover.outcome;

import java.util.Optional;

/// What has been found out so far.
///
/// @param status      asked of the run of the survivor that `descent` is about
/// @param replication whether a commit that came after the status was confirmed by the synchronous standbys, if there are any
/// @param backend     of the lost connection, in the run that it belongs to, before the status was asked
public record Evidence(Optional<Descent> descent, Optional<XactStatus> status, Replication replication, Backend backend) {
    public static final Evidence NONE = new Evidence(Optional.empty(), Optional.empty(), Replication.UNCONFIRMED, Backend.MAY_RUN);

    public enum Replication { UNCONFIRMED, CONFIRMED }

    public enum Backend { MAY_RUN, GONE }

    public static Evidence of(Descent descent) {
        return new Evidence(Optional.of(descent), Optional.empty(), Replication.UNCONFIRMED, Backend.MAY_RUN);
    }

    public Evidence with(XactStatus answer) {
        return new Evidence(descent, Optional.of(answer), replication, backend);
    }

    public Evidence with(Backend known) {
        return new Evidence(descent, status, replication, known);
    }

    public Evidence confirmed() {
        return new Evidence(descent, status, Replication.CONFIRMED, backend);
    }
}
