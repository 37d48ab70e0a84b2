package org.pgkeel.failover.outcome;

import java.util.Optional;

/// What has been found out so far.
///
/// @param status      asked of the run of the survivor that `descent` is about
/// @param backend     of the lost connection, in the run that it belongs to, before the status was asked
public record Evidence(Optional<Descent> descent, Optional<XactStatus> status, Backend backend) {
    public static final Evidence NONE = new Evidence(Optional.empty(), Optional.empty(), Backend.MAY_RUN);

    public enum Backend { MAY_RUN, GONE }

    public static Evidence of(Descent descent) {
        return new Evidence(Optional.of(descent), Optional.empty(), Backend.MAY_RUN);
    }

    public Evidence with(XactStatus answer) {
        return new Evidence(descent, Optional.of(answer), backend);
    }

    public Evidence with(Backend known) {
        return new Evidence(descent, status, known);
    }
}
