package org.pgkeel.proxy.relay;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The replies that are not simply passed on, in the order in which they will come: a ring of (batch, ordinal, action,
/// subject). A batch is what one ReadyForQuery answers; the ordinal counts replies within it. Most lease have none.
///
/// Threading: confined to one event loop.
final class ReplyPlan {
    /// Entries at most; a client that pipelines more is not read from until some are done.
    static final int ENTRIES_MAX = 8192;

    /// What to do when the reply comes.
    enum Action {
        /// The reply answers a message of the proxy's own: drop it.
        SWALLOW,
        /// The reply answers the proxy's question for the transaction's mark: drop it, rows and all.
        MARK,
        /// The reply answers a Describe of the proxy's own in the place of the client's Query: NoData is dropped.
        ROWS_OR_NOTHING,
        /// Every reply of the batch answers the proxy's own: drop them.
        SWALLOW_BATCH,
        /// A Parse of the client was forwarded: it is prepared when this reply comes.
        PARSED,
        /// The reply tells the client what a statement's rows look like.
        SHAPE_TOLD,
        /// The reply tells the proxy what a statement's rows look like now. The client waits for that.
        SHAPE_ASKED,
        /// Behind this reply the client gets a ParseComplete that no backend sends.
        THEN_PARSE_COMPLETE,
        /// Behind this reply the client gets a CloseComplete that no backend sends.
        THEN_CLOSE_COMPLETE,
        /// A statement completes that changes the session. Its ordinal counts completed statements.
        EFFECT,
        /// A statement completes whose commit the proxy has still to ask for: the client hears of it when that has succeeded. Its ordinal counts completed statements.
        KEEP,
        /// The backend was made to fail here; the client gets the subject instead of the backend's error.
        REFUSE
    }

    private static final Action[] ACTIONS = Action.values();

    private int[] batches = new int[16];
    private int[] ordinals = new int[16];
    private byte[] actions = new byte[16];
    private @Nullable Object[] subjects = new Object[16];
    private int head;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size >= ENTRIES_MAX;
    }

    void add(int batch, int ordinal, Action action, @Nullable Object subject) {
        if (size == batches.length) grow();
        int at = head + size & batches.length - 1;
        batches[at] = batch;
        ordinals[at] = ordinal;
        actions[at] = (byte) action.ordinal();
        subjects[at] = subject;
        size++;
    }

    int headBatch() {
        return batches[head];
    }

    int headOrdinal() {
        return ordinals[head];
    }

    Action headAction() {
        return ACTIONS[actions[head]];
    }

    @Nullable Object headSubject() {
        return subjects[head];
    }

    void removeHead() {
        subjects[head] = null;
        head = head + 1 & batches.length - 1;
        size--;
    }

    /// Later batches than this one have lower numbers by so many: the first of them are none. What was planned for those will not come; it is skipped with this batch.
    /// @return whether there was something
    boolean renumber(int behind, int fewer) {
        boolean dropped = false;
        for (int i = 0; i < size; i++) {
            int at = head + i & batches.length - 1;
            int ahead = batches[at] - behind;
            if (ahead <= 0) continue;
            batches[at] = behind + Math.max(0, ahead - fewer);
            if (ahead > fewer) continue;
            ordinals[at] = Integer.MAX_VALUE;
            dropped = true;
        }
        return dropped;
    }

    private void grow() {
        int old = batches.length;
        int[] movedBatches = new int[old * 2];
        int[] movedOrdinals = new int[old * 2];
        byte[] movedActions = new byte[old * 2];
        Object[] movedSubjects = new Object[old * 2];
        for (int i = 0; i < size; i++) {
            int at = head + i & old - 1;
            movedBatches[i] = batches[at];
            movedOrdinals[i] = ordinals[at];
            movedActions[i] = actions[at];
            movedSubjects[i] = subjects[at];
        }
        batches = movedBatches;
        ordinals = movedOrdinals;
        actions = movedActions;
        subjects = Arrays.copyOf(movedSubjects, movedSubjects.length);
        head = 0;
    }
}
