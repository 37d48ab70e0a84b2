package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.refusal.Refusal;

/// Hears how logins end, on the event loop of the client's channel: one call per connection at most (none if the client
/// just goes away).
public interface LoginListener {

    /// The client proved who it is. [ClientLogin] has left the pipeline (an SslHandler stays); nothing is read until the
    /// listener sets `autoRead` back to true. What SCRAM needs has been sent (AuthenticationSASLFinal); AuthenticationOk
    /// and everything behind it is the listener's to send.
    ///
    /// @param early what the client sent beyond its login; usually empty. The listener releases it
    void authenticated(Channel channel, ClientIdentity identity, ByteBuf early);

    /// A CancelRequest came. The channel is closed when the stage completes, either way: the client waits for that, to
    /// know that the cancel was delivered; at the latest it is closed when `timeouts.login` is over.
    CompletionStage<Void> cancel(int pid, byte[] secretKey, Channel channel);

    /// The client was refused, it has been told, and its channel closes.
    default void refused(Refusal refusal, Channel channel) {}
}
