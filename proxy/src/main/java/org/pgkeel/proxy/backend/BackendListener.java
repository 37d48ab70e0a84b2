package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

/// Hears how one connect ended: exactly one call, on the event loop of the connect.
public interface BackendListener {

    /// The connection is logged in and idle. Its pipeline holds nothing but an SslHandler, if there is TLS; nothing is
    /// read until the listener sets `autoRead` back to true, which it does once its own handlers are in place.
    ///
    /// @param early bytes that came behind ReadyForQuery (a notice, a notification); usually empty. The listener releases it
    void connected(Channel channel, BackendGreeting greeting, ByteBuf early);

    /// There is no connection, and what was opened is closed.
    void failed(BackendFailure failure);
}
