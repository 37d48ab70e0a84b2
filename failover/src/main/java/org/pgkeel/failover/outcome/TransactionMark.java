package org.pgkeel.failover.outcome;

import org.pgkeel.failover.topology.Lsn;

/// What the probe tells of a transaction that has written.
///
/// @param xid      its full transaction id (`xid8`), of the top level also inside of savepoints; unsigned
/// @param position a position of the WAL of its timeline, read in the transaction after its first WAL-logged write: the records
///                 behind which it may be committed lie after it, one that carries the xid lies before it
public record TransactionMark(long xid, Lsn position) {
    @Override
    public String toString() {
        return "xid=" + Long.toUnsignedString(xid) + " lsn=" + position;
    }
}
