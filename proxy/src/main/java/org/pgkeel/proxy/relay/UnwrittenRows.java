package org.pgkeel.proxy.relay;

import org.pgkeel.protocol.wire.BackendType;

/// Rows that were read and are not written to the client: a batch that only reads another server can answer as if they had never come.
///
/// The first ones wait for what the server sent in one with them ([SendBuffer]), if the client is to stay when the server is lost.
///
/// Threading: confined to the connection's event loop.
final class UnwrittenRows {
    private final BackendConnection connection;
    private final AnsweredBatch answered;
    private final SendBuffer sendBuffer = new SendBuffer();

    UnwrittenRows(BackendConnection connection, AnsweredBatch answered) {
        this.connection = connection;
        this.answered = answered;
    }

    /// @param from   where it begins
    /// @param walked as many of its bytes came before, and waited
    void readBegins(int from, int walked) {
        answered.readBegins(walked > 0 ? from : AnsweredBatch.ELSEWHERE);
        sendBuffer.readBegins(from);
    }

    /// ReadyForQuery.
    /// @param next where the next batch begins
    void batchEnded(int next) {
        sendBuffer.batchEnded(next);
    }

    /// @param followed what was read is not the end of what was sent, see [#isFollowed]; no message was begun that passes in pieces
    /// @param from     where the bytes begin that are not written
    /// @param at       their end, by whole messages
    /// @param end      of what was read
    /// @return where those begin that wait
    int readEnds(boolean followed, int from, int at, int end) {
        int waiting = followed && answered.hasRows() && !answered.hasWrittenRows(from) && sendBuffer.holdsMore(end) && mayWait() ? answered.firstRowAt() : at;
        sendBuffer.readEnds(waiting);
        return waiting;
    }

    private boolean mayWait() {
        Lessee client = connection.lessee();
        return client != null && client.outlivesBackend() && canBeTakenBack(client);
    }

    /// The server does not send because of the message that came last: something stands behind it in what was sent.
    boolean isFollowed(byte lastType) {
        return switch (lastType) {
            case BackendType.DATA_ROW, BackendType.COPY_DATA, BackendType.COPY_OUT_RESPONSE -> true;
            case BackendType.ERROR_RESPONSE, BackendType.NOTICE_RESPONSE, BackendType.NOTIFICATION_RESPONSE, BackendType.READY_FOR_QUERY, BackendType.COPY_IN_RESPONSE -> false;
            default -> connection.exchange().isEndSent();
        };
    }

    /// It writes nothing, so what became of the batch does not matter. Once it has failed the client is to hear of that.
    private boolean canBeTakenBack(Lessee client) {
        Exchange exchange = connection.exchange();
        return exchange.status() == Exchange.IDLE && !exchange.hasFailed() && !client.mayWrite() && !client.toClient().isWithholding();
    }

    /// The client has rows of the batch, or they are not to be taken back.
    /// @param from where the bytes begin that are not written
    boolean areLate(Lessee client, int from) {
        return canBeTakenBack(client) ? answered.hasWrittenRows(from) : answered.hasRows();
    }

    /// Takes them back where that can be.
    /// @param from where the bytes begin that are not written
    /// @param at   their end
    /// @return the end of what the client gets, if its batch is lost at this place of a read
    int takeBack(Lessee client, int from, int at) {
        return canBeTakenBack(client) ? answered.takeBackRows(from, at) : at;
    }
}
