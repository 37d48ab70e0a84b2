package org.pgkeel.failover.outcome;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.Lsn;

/// The transactions whose success clients were told lately, so that those which a failover loses can be named. A ring: adding
/// one writes into arrays and allocates nothing.
///
/// Threading: confined to its event loop; what [#before] returns is immutable.
///
/// @param <C> who was told: one object per client session
public final class AcknowledgedLedger<C> {
    /// One transaction whose success `client` was told.
    public record Acknowledged<C>(TransactionMark mark, Origin origin, C client) {}

    /// @param entries oldest first
    /// @param overrun how many entries ever were overwritten by later ones before their time was over: they are not among the entries
    public record Recent<C>(List<Acknowledged<C>> entries, long overrun) {
        public Recent {
            entries = List.copyOf(entries);
        }
    }

    private final long keepNanos;
    private final int mask;
    private final long[] xids;
    private final long[] positions;
    private final long[] nanos;
    private final @Nullable Origin[] origins;
    private final @Nullable Object[] clients;
    private long added;
    private long firstKept;
    private long overrun;

    /// @param entriesMax a power of two
    /// @param keepNanos  how long before the newest one an entry is of interest
    public AcknowledgedLedger(int entriesMax, long keepNanos) {
        if (Integer.bitCount(entriesMax) != 1) throw new IllegalArgumentException(entriesMax + " is no power of two");
        this.keepNanos = keepNanos;
        this.mask = entriesMax - 1;
        this.xids = new long[entriesMax];
        this.positions = new long[entriesMax];
        this.nanos = new long[entriesMax];
        this.origins = new @Nullable Origin[entriesMax];
        this.clients = new @Nullable Object[entriesMax];
    }

    /// The client is being told that this transaction is committed.
    public void add(long xid, long position, Origin origin, C client, long nowNanos) {
        int slot = (int) added & mask;
        if (added - firstKept > mask) {
            if (nowNanos - nanos[slot] < keepNanos) overrun++;
            firstKept = added - mask;
        }
        xids[slot] = xid;
        positions[slot] = position;
        nanos[slot] = nowNanos;
        origins[slot] = origin;
        clients[slot] = client;
        added++;
    }

    public void add(TransactionMark mark, Origin origin, C client, long nowNanos) {
        add(mark.xid(), mark.position().value(), origin, client, nowNanos);
    }

    /// How many entries it holds, old ones included.
    public int size() {
        return (int) (added - firstKept);
    }

    /// What was acknowledged lately, on other runs of servers than this one. Old is what was acknowledged long before the newest entry: a failover
    /// may take its time, and what was acknowledged right before it is what matters. The entries stay: the next failover may lose them yet.
    @SuppressWarnings("unchecked")
    public Recent<C> before(Origin current) {
        var entries = new ArrayList<Acknowledged<C>>();
        for (long at = firstKept; at < added; at++) {
            int slot = (int) at & mask;
            Origin origin = origins[slot];
            C client = (C) clients[slot];
            if (origin == null || client == null) throw new IllegalStateException("an entry without its origin");
            boolean old = nanos[(int) (added - 1) & mask] - nanos[slot] > keepNanos;
            if (!old && !origin.equals(current)) entries.add(new Acknowledged<>(new TransactionMark(xids[slot], new Lsn(positions[slot])), origin, client));
        }
        return new Recent<>(entries, overrun);
    }
}
