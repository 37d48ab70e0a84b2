package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;

/// The client of a lease, as the backend's socket sees it. Calls come in the order of the backend's messages, when the
/// bytes before them have been written to the client, if not said otherwise.
///
/// Threading: confined to the connection's event loop.
public interface Lessee {
    /// Where the client's replies go.
    Outgoing toClient();

    /// The client takes its replies no slower than they come.
    boolean isWritable();

    /// A statement completed that had been announced with [Exchange#expectEffect].
    /// @param subject what was announced
    void completed(Object subject, String commandTag);

    /// A parameter has a new value. Called before the message itself is written to the client.
    /// @return the value that the client is to be told; null if it is to hear nothing
    @Nullable String parameterStatus(String name, String value);

    /// It was told last that the parameter has this value.
    boolean knows(String name, String value);

    /// ErrorResponse. Called before the message itself is written to the client.
    void failed();

    /// An error in the words of the client, where it is about a prepared statement that the server knows by another name.
    /// @param errorBody the ErrorResponse behind its length
    /// @return null if it may stay as it is
    byte @Nullable [] inItsWords(byte[] errorBody);

    /// A Parse, PREPARE or Close did not happen after all: it failed, or an error before it made the backend skip it.
    /// @param name   the client's, empty for the unnamed statement
    /// @param before what has that name again
    void notNamed(byte[] name, @Nullable SharedStatement before);

    /// What a statement's rows look like in this backend, as [Exchange#expectOwnShape] had announced.
    /// @param shape see [RowShape]; [RowShape#UNKNOWN] if an error came before the answer
    void shapeFound(SharedStatement statement, long shape);

    /// A statement was kept prepared whose tables have changed: what is prepared from now on is to be prepared anew.
    void planOutdated();

    /// The batch that is being answered failed by a plan that the proxy kept. If it may be sent again the client hears nothing of it, and is held
    /// until [#repeat].
    boolean mayRepeat();

    /// A transaction was to be ended in a block that is the proxy's own. If it may be done without the block, the client is held as for [#mayRepeat].
    boolean mayRepeatOutside();

    /// ReadyForQuery of a batch that is to be sent again.
    void repeat();

    /// ReadyForQuery of one of the client's batches. Called before the message itself is written to the client.
    /// @param status its byte
    /// @return the byte that the client is to see; 0 if it is not to see the message
    byte readyForQuery(byte status);

    /// A replica answers with an error, before the client has seen a row of the batch.
    /// @param errorBody the ErrorResponse behind its length
    /// @param visible   replies of the batch that the client has
    /// @return whether it is kept from the client, as is the batch's ReadyForQuery
    boolean turnsAway(byte[] errorBody, int visible);

    /// Everything asked so far has been answered, and no message of the client is under way.
    /// @param status byte of the last ReadyForQuery
    void settled(byte status);

    /// There is room in the plan of replies again.
    void resumeReading();

    /// The client stays when its backend is shut down or lost: it hears nothing of that here.
    boolean outlivesBackend();

    /// Something is under way that may write, as far as the client's commits are followed.
    boolean mayWrite();

    /// It has sent the end of a transaction that is to commit.
    boolean commits();

    /// It has sent the end of a transaction, and what became of that can be found out though the connection is lost.
    boolean commitIsTracked();

    /// The transaction's mark came, as [Exchange#expectMark] had announced.
    /// @param in   holds the body of the DataRow
    /// @param from where it begins
    /// @param to   where it ends
    void marked(ByteBuf in, int from, int to);

    /// The end of a statement came that the client is to hear of when its commit has succeeded, as [Exchange#expectKept] had announced.
    /// @param in   holds the message
    /// @param from where it begins
    /// @param to   where it ends
    void keeps(ByteBuf in, int from, int to);

    /// What was kept; empty if it was nothing, the second time, and behind an error: a Query fails or completes.
    byte[] takeKept();

    /// ReadyForQuery of a batch in a transaction block of the proxy's own, which is still open.
    /// @param status its byte, `T` or `E`
    void blockGoesOn(byte status);

    /// The connection is gone; it is closed already.
    void backendLost(Loss loss);

    /// Something went wrong in a turn of the backend that is the client's alone: it ends.
    void broken(Throwable cause);

    /// The backend was made to fail where the proxy refuses.
    /// @param refusal what was given to [Exchange#expectRefusal]
    /// @return the ErrorResponse for the client; the caller releases it
    ByteBuf errorFor(Object refusal);
}
