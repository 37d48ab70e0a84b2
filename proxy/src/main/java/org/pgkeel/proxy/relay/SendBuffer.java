package org.pgkeel.proxy.relay;

/// What is known of the server's send buffer by the bytes of a batch's replies that have come.
///
/// PostgreSQL sends when it has [#BYTES] to say, at the ReadyForQuery of each batch, behind an error or a notice, and where it reads a Flush (`PqSendBuffer`
/// of `pqcomm.c`; all releases). So a beginning of replies that is shorter, and ends where none of that makes it send, was sent in one with what
/// follows: the rest is on its way.
///
/// Threading: confined to the connection's event loop.
final class SendBuffer {
    /// `PQ_SEND_BUFFER_SIZE`.
    static final int BYTES = 8192;

    /// Bytes of the batch in the reads before, without those that this read begins with once more.
    private long before;
    /// Where this read's bytes of the batch begin.
    private int batchAt;

    void readBegins(int at) {
        batchAt = at;
    }

    /// ReadyForQuery.
    /// @param next where the next batch begins
    void batchEnded(int next) {
        before = 0;
        batchAt = next;
    }

    /// @param end of what was read
    boolean holdsMore(int end) {
        return before + end - batchAt < BYTES;
    }

    /// @param kept where the bytes begin that the next read will begin with
    void readEnds(int kept) {
        before += kept - batchAt;
    }
}
