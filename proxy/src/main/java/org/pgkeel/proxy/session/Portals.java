package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.statement.Effect;

/// Which statements a client's portals run: the unnamed one's, and those of named ones that change the session.
///
/// Threading: confined to the session's event loop.
final class Portals {
    private @Nullable SharedStatement unnamed;
    private List<Effect> unnamedDoes = List.of();
    private Map<String, Bound> named = Map.of();

    /// @param does what the statement does to the session with the values that are bound
    private record Bound(SharedStatement statement, List<Effect> does) {}

    /// A portal is bound to a statement.
    /// @param from where its name begins in `in`, which ends at `to`
    /// @param does what the statement does to the session with the values that are bound
    void bound(ByteBuf in, int from, int to, SharedStatement statement, List<Effect> does) {
        if (from == to) {
            unnamed = statement;
            unnamedDoes = does;
        } else if (!does.isEmpty()) {
            if (named.isEmpty()) named = new HashMap<>();
            named.put(name(in, from, to), new Bound(statement, does));
        } else if (!named.isEmpty()) {
            named.remove(name(in, from, to));
        }
    }

    /// @return null if the portal is not there, or has a name and does nothing to the session
    @Nullable SharedStatement get(ByteBuf in, int from, int to) {
        if (from == to) return unnamed;
        Bound bound = named.isEmpty() ? null : named.get(name(in, from, to));
        return bound == null ? null : bound.statement();
    }

    /// What a portal that is there does to the session.
    List<Effect> effects(ByteBuf in, int from, int to) {
        if (from == to) return unnamedDoes;
        Bound bound = named.get(name(in, from, to));
        return bound == null ? List.of() : bound.does();
    }

    @Nullable SharedStatement unnamed() {
        return unnamed;
    }

    /// The transaction is over, and with it its portals; or all that was prepared is gone.
    void over() {
        unnamed = null;
        unnamedDoes = List.of();
        if (!named.isEmpty()) named = Map.of();
    }

    private static String name(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.ISO_8859_1);
    }
}
