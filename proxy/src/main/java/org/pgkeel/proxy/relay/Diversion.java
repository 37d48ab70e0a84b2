package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;

/// Whoever has a lease and reads the server's messages by itself: nothing of them is relayed, and nothing is counted in the [Exchange].
///
/// Threading: confined to the connection's event loop.
public interface Diversion {
    /// Bytes of the server.
    /// @param arrived released by the callee
    void read(ByteBuf arrived);

    /// The connection is gone; it is closed already.
    /// @param why for people
    void lost(Loss.Ending ending, String why);
}
