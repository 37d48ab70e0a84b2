package org.pgkeel.proxy.route;

import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;

/// What one session was told of the data, so that it never sees less. Times are of `System.nanoTime()`.
///
/// Threading: confined to the session's event loop.
public final class SessionView {
    private long lastWrite = Candidate.UNKNOWN;
    private long lastRead = Candidate.UNKNOWN;
    private @Nullable NodeAddress lastNode;
    private long lastIncarnation;

    /// The session is about to be told that something it wrote, or may have written, is committed.
    public void wrote(long now) {
        lastWrite = now;
    }

    /// The session is about to be told the last of what it read on a node.
    public void read(NodeAddress node, long incarnation, long now) {
        lastRead = now;
        lastNode = node;
        lastIncarnation = incarnation;
    }

    long lastWrite() {
        return lastWrite;
    }

    /// When it was last told something that another node may not have yet; [Candidate#UNKNOWN] if never.
    long lastReadElsewhere(Candidate candidate) {
        boolean same = candidate.address().equals(lastNode) && candidate.incarnation() == lastIncarnation;
        return same ? Candidate.UNKNOWN : lastRead;
    }
}
