package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Requests of one [BatchQueue] that wait on disk instead of in memory. Their places in the queue stay in memory, and so does their order, in
/// whatever order they are written and read: a batch ends in front of a request that is away.
///
/// | request    | event                                | then                                            |
/// |------------|--------------------------------------|-------------------------------------------------|
/// | in memory  | came when too much was buffered      | being written                                   |
/// | in memory  | came when the file was full             | being written when it is empty, if too much is buffered still |
/// | being written | written                           | away; its client is not read from               |
/// | being written | sent, withdrawn, or the disk failed | in memory, the piece is free                  |
/// | away       | near the head of the queue           | being read                                      |
/// | away, being read | withdrawn                      | gone                                            |
/// | being read | read                                 | in memory                                       |
/// | being read | unreadable                           | refused with 58030: it was not acknowledged     |
///
/// At most one portion is being written and one being read, each of `max-bytes` or a tenth of `max-buffered-bytes`.
///
/// Threading: confined to the queue's event loop.
final class SpilledRows {
    private static final Logger log = LoggerFactory.getLogger(SpilledRows.class);
    /// A disk that failed is not tried again for so long.
    private static final long RETRY_NANOS = 1_000_000_000;

    private final Spill spill;
    private final long portionBytes;
    private final BufferedBytes buffered;
    private final Executor loop;
    private final CoalesceStats stats;
    private final Owner owner;
    private final LinkedHashSet<Contribution> candidates = new LinkedHashSet<>();
    private boolean writeDue;
    private boolean writing;
    private boolean reading;
    private boolean failed;
    private boolean waitsForRoom;
    private long failedNanos;
    private int copiedBytes;
    private int awayRows;
    private long awayBytes;

    /// The queue.
    interface Owner {
        /// Its bytes are not in memory any more.
        void away(Contribution contribution);

        /// They are in memory again.
        void back(Contribution contribution);

        /// It waits no longer; what was away is taken from these books by [#forget].
        void drop(Contribution contribution);

        /// The file was full, and is empty.
        void roomAgain();

        /// Something came back, or could not.
        void goOn();
    }

    /// @param buffered what of the rule is in memory, copies for the disk too
    SpilledRows(Spill spill, long portionBytes, BufferedBytes buffered, Executor loop, CoalesceStats stats, Owner owner) {
        this.spill = spill;
        this.portionBytes = portionBytes;
        this.buffered = buffered;
        this.loop = loop;
        this.stats = stats;
        this.owner = owner;
    }

    int rows() {
        return awayRows;
    }

    long bytes() {
        return awayBytes;
    }

    /// Copies that are on their way to the disk: memory all the same.
    int copiedBytes() {
        return copiedBytes;
    }

    // --- to disk

    /// Too much is buffered: it goes to disk if it still waits then.
    void offer(Contribution contribution, long nowNanos) {
        if (failed && nowNanos - failedNanos < RETRY_NANOS) return;
        failed = false;
        candidates.add(contribution);
        if (writeDue) return;
        writeDue = true;
        loop.execute(this::write);
    }

    private void write() {
        writeDue = false;
        if (writing || candidates.isEmpty()) return;
        var chosen = new ArrayList<Contribution>();
        int length = 0;
        for (Iterator<Contribution> left = candidates.iterator(); left.hasNext(); ) {
            Contribution each = left.next();
            if (each.mayGoAway(owner)) {
                if (!chosen.isEmpty() && length + each.bytes() > portionBytes) break;
                if (!spill.hasRoom(length + each.bytes())) {
                    candidates.clear();   // they stay in memory until the file is empty
                    waitForRoom();
                    break;
                }
                chosen.add(each);
                length += each.bytes();
            }
            left.remove();
        }
        if (!chosen.isEmpty()) write(chosen, length);
    }

    private void waitForRoom() {
        if (waitsForRoom) return;
        waitsForRoom = true;
        spill.whenEmpty(() -> {
            waitsForRoom = false;
            owner.roomAgain();
        });
    }

    private void write(List<Contribution> chosen, int length) {
        byte[] chunk = new byte[length];
        int[] lengths = new int[chosen.size()];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            Contribution each = chosen.get(i);
            ByteBuf request = each.client().request();
            request.getBytes(request.readerIndex(), chunk, at, each.bytes());
            lengths[i] = each.bytes();
            at += each.bytes();
        }
        writing = true;
        copiedBytes = length;
        buffered.add(length);
        var pieces = new ArrayList<Spill.Piece>();
        pieces.addAll(spill.write(chunk, lengths, failure -> written(chosen, pieces, failure)));
        for (int i = 0; i < lengths.length; i++) chosen.get(i).goingAway(pieces.get(i));
    }

    private void written(List<Contribution> chosen, List<Spill.Piece> pieces, Optional<IOException> failure) {
        writing = false;
        buffered.add(-copiedBytes);
        copiedBytes = 0;
        if (failure.isPresent()) {
            failed = true;
            failedNanos = System.nanoTime();
            stats.spill().failed("write_failed", chosen.size());
            long told = spill.unwritten().of(chosen.size(), failedNanos);
            if (told > 0) log.warn("spill: {} requests stay in memory, they could not be written: {}", told, failure.get().toString());
            candidates.clear();
        }
        for (int i = 0; i < chosen.size(); i++) {
            Contribution each = chosen.get(i);
            Spill.Piece piece = pieces.get(i);
            if (each.piece() != piece) {
                spill.free(piece);   // it was sent meanwhile, or its client is gone
            } else if (failure.isPresent()) {
                each.stays();
                spill.free(piece);
            } else {
                each.away();
                awayRows += each.rows();
                awayBytes += each.bytes();
                stats.spill().spilled(each.rows(), each.bytes());
                owner.away(each);
                each.tell(() -> each.client().away(each.bytes()));
            }
        }
        write();
    }

    // --- and back

    /// What is at the head of the queue comes back, a portion at a time.
    void readAhead(Iterable<Contribution> queue) {
        if (reading || awayRows == 0) return;
        var wanted = new ArrayList<Contribution>();
        var pieces = new ArrayList<Spill.Piece>();
        long bytes = 0;
        for (Contribution each : queue) {
            if (bytes > 0 && bytes + each.bytes() > portionBytes) break;
            bytes += each.bytes();
            Spill.Piece piece = each.piece();
            if (!each.isAway() || piece == null) continue;
            wanted.add(each);
            pieces.add(piece);
        }
        if (wanted.isEmpty()) return;
        reading = true;
        long from = System.nanoTime();
        spill.read(pieces, outcomes -> read(wanted, pieces, outcomes, from));
    }

    private void read(List<Contribution> wanted, List<Spill.Piece> pieces, List<Spill.Outcome> outcomes, long fromNanos) {
        reading = false;
        stats.spill().readBack(System.nanoTime() - fromNanos);
        int unreadable = 0;
        String why = "";
        for (int i = 0; i < wanted.size(); i++) {
            Contribution each = wanted.get(i);
            if (each.piece() != pieces.get(i)) continue;   // its client is gone, or has cancelled it
            switch (outcomes.get(i)) {
                case Spill.Outcome.Bytes(var bytes) -> {
                    forget(each);
                    owner.back(each);
                    each.tell(() -> each.client().back(bytes));
                }
                case Spill.Outcome.Unreadable(var word, var reason) -> {
                    unreadable++;
                    why = reason;
                    stats.spill().failed(word, 1);
                    owner.drop(each);
                    each.tell(() -> each.client().refusedAway(Refusal.of(RefusalReason.SPILL_UNREADABLE, "the request waited on disk and could not be read back: " + reason,
                            "Nothing of it was done.")));
                }
            }
        }
        long told = unreadable == 0 ? 0 : spill.unread().of(unreadable, System.nanoTime());
        if (told > 0) log.error("spill: {} requests could not be read back, their clients were told: {}", told, why);
        owner.goOn();
    }

    /// It is not on disk any more.
    void forget(Contribution contribution) {
        Spill.Piece piece = contribution.piece();
        if (!contribution.isAway() || piece == null) throw new IllegalStateException("not away");
        awayRows -= contribution.rows();
        awayBytes -= contribution.bytes();
        contribution.stays();
        spill.free(piece);
    }
}
