package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.backend.UnreplicatedCommit;

/// How a leased backend connection ended, and how far its client had been answered then.
///
/// @param why        for people
/// @param ending     how the stream of replies ended
/// @param lastWords  the server's FATAL error that was kept from the client, or the WARNING with which it ends at once: the message behind its length
/// @param status     byte of the last ReadyForQuery
/// @param owed       batches of the client that are complete and not answered, the proxy's own included
/// @param open       messages of a batch were sent, and no Sync behind them
/// @param failed     the batch that was being answered had failed; the client has read the error, or it is withheld from it
/// @param visible    replies of that batch that the client has, rows and errors apart
/// @param received   the same with those that were withheld from it
/// @param rows       rows of that batch went to the client, or COPY data, or a function's value
/// @param withheld   replies to that batch are withheld from the client, its error with them
/// @param midMessage the client has the beginning of a message that will never end
/// @param copyIn     the backend was taking CopyData
public record Loss(String why, Ending ending, byte @Nullable [] lastWords, byte status, int owed, boolean open, boolean failed, int visible, int received, boolean rows,
                   boolean withheld, boolean midMessage, boolean copyIn) {
    public ServerDeath death() {
        return ServerDeath.of(ending, lastWords);
    }

    /// How a stream of replies ends.
    public enum Ending {
        /// The server said why with a FATAL error, and the client has read it.
        TOLD,
        /// The server was shut down, or an administrator ended the session: FATAL `57P01` to `57P03`, kept from the client.
        SHUT_DOWN,
        /// End of file between two messages: every byte that the server sent was read.
        END_OF_FILE,
        /// Reset, a write that failed, or an end of file within a message: replies may be missing.
        BROKEN,
        /// The proxy itself ended it: another server is the primary now, or the server would call an [UnreplicatedCommit] a success.
        FENCED
    }
}
