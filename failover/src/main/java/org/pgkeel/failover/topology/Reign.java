package org.pgkeel.failover.topology;

/// One server's time as primary. Another node, another timeline, or another lifetime of the same server is another reign.
///
/// Threading: immutable.
///
/// @param number   1 for the first that this process has seen, and then upwards; 0 for [#NONE]
/// @param timeline 0 if nobody has asked
public record Reign(long number, NodeAddress address, int timeline, Lifetime lifetime) {
    /// Before the first primary was found.
    public static final Reign NONE = new Reign(0, new NodeAddress("", 0), 0, Lifetime.UNKNOWN);

    /// Whether `primary` is the server of this reign.
    public boolean isOf(Primary primary) {
        return number > 0 && address.equals(primary.address()) && timeline == primary.timeline() && lifetime.equals(primary.lifetime());
    }

    @Override
    public String toString() {
        return "reign " + number + " of " + address + " on timeline " + timeline;
    }
}
