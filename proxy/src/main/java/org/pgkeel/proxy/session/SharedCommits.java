package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Whether a client's next request shares its commit with those of others, and what that means for its session. Most clients never send one that
/// could: what is needed for it is made with the first.
///
/// Threading: confined to the session's event loop.
final class SharedCommits {
    private final ClientSession session;
    private @Nullable InsertSharing sharing;

    SharedCommits(ClientSession session) {
        this.session = session;
    }

    /// @param in what the client has sent
    /// @param at where its next unit begins
    /// @return whether it is taken, and the session SHARING
    boolean takes(ByteBuf in, int at) {
        if (!session.context().coalesces() || !isClientPlain()) return false;
        InsertSharing mine = sharing;
        if (mine == null) sharing = mine = new InsertSharing(session, session.context());
        if (!mine.takes(in, at)) return false;
        session.becomes(ClientSession.State.SHARING);
        session.times().waits(session.times().requestNanos());
        return true;
    }

    /// What it sends means the same on any backend, by itself or with the requests of others.
    private boolean isClientPlain() {
        Pins pins = session.pins();
        ClientSettings settings = session.settings();
        return session.state() == ClientSession.State.IDLE && session.looksInto() && pins.isEmpty() && !pins.areMissing() && !pins.owesListen() && !settings.meaningIsOwn() && !settings.tracksTransaction();
    }

    /// Its request is not in a batch any more: it is answered, or runs by itself.
    /// @return whether it is open, and nothing of it is under way
    boolean over() {
        if (session.state() != ClientSession.State.SHARING) return false;
        session.progress().looksAgain();
        return session.isOpen() && session.state() == ClientSession.State.IDLE;
    }

    /// A request that waits is taken back.
    /// @return false if it is on its way, or its client was told already
    boolean withdraw() {
        return sharing != null && sharing.withdraw();
    }

    /// The client is gone, and its request with it.
    void leave() {
        if (sharing != null) sharing.leave();
    }

    /// A unit was given to a backend.
    /// @return whether what follows it has to wait until it is answered
    boolean waitsBehind() {
        return sharing != null && sharing.waitsBehind();
    }

    /// What the client sends next has to wait until what runs by itself is answered.
    boolean isAloneUnderWay() {
        return sharing != null && sharing.isAloneUnderWay();
    }

    /// All that was sent is answered, or is to be sent once more.
    /// @return whether what the client sent behind it has waited for that
    boolean aloneAnswered() {
        return sharing != null && sharing.aloneAnswered();
    }

    /// What ran by itself, while INSERTs of others were waiting for it, has ended.
    void aloneOver() {
        if (sharing != null) sharing.aloneOver();
    }
}
