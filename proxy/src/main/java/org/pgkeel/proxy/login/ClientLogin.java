package org.pgkeel.proxy.login;

import io.netty.channel.ChannelInboundHandlerAdapter;

/// One client's way from its first byte to a proven name. Threading: confined to its channel's event loop.
public final class ClientLogin extends ChannelInboundHandlerAdapter {
    /// @param policy as it is now; a login goes on with the policy it began with
    /// @param pending shared by all logins of the process
    public ClientLogin(LoginPolicy policy, PendingLogins pending, LoginListener listener) {
    }
}
