package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// What the client of a lease has asked and was not answered, as it sent it: enough to ask another server, should this one be
/// lost. A batch is what one ReadyForQuery answers; the last one may be open.
///
/// Threading: confined to the connection's event loop.
public final class RequestLog {
    private static final byte[] NOTHING = {};
    /// What an unused log may go on holding.
    private static final int KEPT_BYTES_MAX = 16 * 1024;

    private byte[] bytes = NOTHING;
    private int head;
    private int tail;
    /// Where complete batches end in `bytes`; a ring.
    private int[] ends = new int[4];
    private int firstEnd;
    private int endCount;
    private boolean incomplete;
    private boolean mayCommit;

    /// Bytes that were sent to the backend in the client's name.
    /// @param bytesMax as many may stand here; with more the log is incomplete
    public void append(ByteBuf in, int from, int to, int bytesMax) {
        int more = to - from;
        if (incomplete || more == 0) return;
        if (tail - head + more > bytesMax) {
            incomplete();
            return;
        }
        if (tail + more > bytes.length) makeRoom(more);
        in.getBytes(from, bytes, tail, more);
        tail += more;
    }

    /// What was appended last completes a batch.
    public void batchEnds() {
        if (incomplete) return;
        if (endCount == ends.length) {
            int[] grown = new int[2 * endCount];
            for (int i = 0; i < endCount; i++) grown[i] = ends[firstEnd + i & endCount - 1];
            ends = grown;
            firstEnd = 0;
        }
        ends[firstEnd + endCount++ & ends.length - 1] = tail;
    }

    /// The first batch has been answered. What is incomplete stays so: others may be owed that do not stand here.
    public void answered() {
        if (incomplete || endCount == 0) return;
        head = ends[firstEnd];
        firstEnd = firstEnd + 1 & ends.length - 1;
        if (--endCount == 0 && head == tail) clear();
    }

    /// What is sent now may end a transaction: said of it only where nobody follows how that ends, and true until nothing is owed.
    public void commits() {
        mayCommit = true;
    }

    /// Something was sent that does not stand here: what is asked now cannot be asked again.
    public void incomplete() {
        incomplete = true;
        head = 0;
        tail = 0;
        endCount = 0;
    }

    /// Nothing is owed any more.
    public void clear() {
        head = 0;
        tail = 0;
        endCount = 0;
        incomplete = false;
        mayCommit = false;
        if (bytes.length > KEPT_BYTES_MAX) bytes = NOTHING;
    }

    public boolean isIncomplete() {
        return incomplete;
    }

    /// Of what is owed something may end a transaction, whether or not it stands here.
    public boolean mayCommit() {
        return mayCommit;
    }

    public boolean isEmpty() {
        return head == tail;
    }

    /// All that stands here, the first unanswered batch first.
    public byte[] copy() {
        return Arrays.copyOfRange(bytes, head, tail);
    }

    /// Length of the first batch, if it is complete; of all there is, if it is open.
    public int firstBatchBytes() {
        return (endCount == 0 ? tail : ends[firstEnd]) - head;
    }

    private void makeRoom(int more) {
        if (head > 0) {
            System.arraycopy(bytes, head, bytes, 0, tail - head);
            for (int i = 0; i < endCount; i++) ends[firstEnd + i & ends.length - 1] -= head;
            tail -= head;
            head = 0;
        }
        if (tail + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(512, Integer.highestOneBit(tail + more - 1) << 1));
    }
}
