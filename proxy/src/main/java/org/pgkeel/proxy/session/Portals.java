package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// Which statements a client's portals run: the unnamed one's, and those of named ones that change the session.
///
/// Threading: confined to the session's event loop.
final class Portals {
    private @Nullable SharedStatement unnamed;
    private Map<String, SharedStatement> named = Map.of();

    /// A portal is bound to a statement.
    /// @param from where its name begins in `in`, which ends at `to`
    void bound(ByteBuf in, int from, int to, SharedStatement statement) {
        if (from == to) {
            unnamed = statement;
        } else if (!statement.effects().isEmpty()) {
            if (named.isEmpty()) named = new HashMap<>();
            named.put(name(in, from, to), statement);
        } else if (!named.isEmpty()) {
            named.remove(name(in, from, to));
        }
    }

    /// @return null if the portal is not there, or has a name and does nothing to the session
    @Nullable SharedStatement get(ByteBuf in, int from, int to) {
        if (from == to) return unnamed;
        return named.isEmpty() ? null : named.get(name(in, from, to));
    }

    @Nullable SharedStatement unnamed() {
        return unnamed;
    }

    /// The transaction is over, and with it its portals; or all that was prepared is gone.
    void over() {
        unnamed = null;
        if (!named.isEmpty()) named = Map.of();
    }

    private static String name(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.ISO_8859_1);
    }
}
