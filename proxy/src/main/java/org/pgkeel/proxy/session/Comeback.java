package org.pgkeel.proxy.session;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.relay.BackendConnection;

/// A client that waits to ask again what a backend that was lost has not answered.
///
/// @param suppressed replies that it has already
/// @param reign      that the lost backend belonged to
/// @param ended      the server's error if it, or an administrator, ended the session: the ErrorResponse behind its length
record Comeback(int suppressed, long reign, byte @Nullable [] ended) {
    /// Where the server turns out to live on, an administrator has ended this one session on purpose: what it did is not done again.
    boolean mayGoOn(BackendConnection leased) {
        return ended == null || leased.reign().number() != reign;
    }

    byte[] lastWords() {
        byte[] words = ended;
        if (words == null) throw new IllegalStateException("the server said nothing");
        return words;
    }
}
