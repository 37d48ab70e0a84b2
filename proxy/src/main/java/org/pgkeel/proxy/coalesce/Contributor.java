package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.ServerDeath;

/// A client whose INSERT has been taken: exactly one of the calls that end it follows.
///
/// Threading: confined to its event loop; calls may come from inside of another session's or a backend's turn.
public interface Contributor {
    /// The request from its first message to its last, beginning at the reader index; not kept.
    ByteBuf request();

    /// It is not read from any more: too much is buffered.
    void pauseReading();

    /// Its request is on disk: it is not in memory any more, and [#request] is not called until it is back.
    void away(int bytes);

    /// Its request is as it was.
    void back(byte[] request);

    /// It did not happen, and its request is not in memory.
    void refusedAway(Refusal refusal);

    /// It is committed, and its rows were sent in another form: it is owed the replies of plain INSERTs.
    /// @param notices messages of the server about the commit, for everybody who took part; empty mostly
    void committed(ByteBuf notices);

    /// It is committed.
    /// @param replies holds what the server answered to this client, without ReadyForQuery; not kept
    /// @param notices as above
    void committed(ByteBuf replies, int from, int to, ByteBuf notices);

    /// A server may have died under it, and it did not happen.
    /// @param reign in which that server was the primary
    /// @return what all that have died under it weigh
    int serverDied(ServerDeath how, long reign);

    /// It did not happen, and is to be run as if nothing shared a commit. What servers have died under it is remembered.
    void alone();

    /// It did not happen, and this is what the server said to it.
    /// @param replies holds what came before the error; not kept
    /// @param error   body of the ErrorResponse behind its length
    void failed(ByteBuf replies, int from, int to, byte[] error);

    /// It did not happen.
    void refused(Refusal refusal);

    /// The connection was lost, and it is not known whether it happened.
    void unknown();

    /// The connection was lost, of a cluster that nobody watches.
    void lost(String why);

    /// One of these calls has failed, and its client cannot go on. Throws nothing, so that whoever is told next is told.
    void broken(Throwable bug);
}
