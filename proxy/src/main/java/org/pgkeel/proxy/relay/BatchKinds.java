package org.pgkeel.proxy.relay;

/// What the batches of an [Exchange] are that are not answered: of the extended protocol or not, whether nothing but a Sync, and whether there is a Flush in
/// them. One bit each, by the batch's number modulo 64.
///
/// Threading: confined to one event loop.
final class BatchKinds {
    private long extended;
    private long bare;
    private long flushed;

    void begins(int batch) {
        flushed &= ~(1L << batch);
    }

    void flushed(int batch) {
        flushed |= 1L << batch;
    }

    /// A Query or a FunctionCall.
    void simple(int batch) {
        extended &= ~(1L << batch);
        bare &= ~(1L << batch);
    }

    /// Messages of the extended protocol and their Sync.
    void extended(int batch, int messages) {
        extended |= 1L << batch;
        if (messages == 0) bare |= 1L << batch;
        else bare &= ~(1L << batch);
    }

    boolean isExtended(int batch) {
        return (extended & 1L << batch) != 0;
    }

    /// Nothing but a Sync.
    boolean isBare(int batch) {
        return (bare & 1L << batch) != 0;
    }

    boolean isFlushed(int batch) {
        return (flushed & 1L << batch) != 0;
    }

    /// Behind the batch that is being answered so many are none: the others move up.
    void drop(int answering, int batches) {
        extended = moved(extended, answering, batches);
        bare = moved(bare, answering, batches);
        flushed = moved(flushed, answering, batches);
    }

    private static long moved(long bits, int answering, int batches) {
        long stays = 1L << answering;
        return Long.rotateRight(bits, batches) & ~stays | bits & stays;
    }
}
