package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.statement.Characters;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;

/// Settings that a statement takes from values of its Bind, as `select set_config('app.tenant', $1, false)` does.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND>
final class BoundSettings {
    /// Not said, `text`, `unknown`, `varchar`: the server takes their values as they are, in both formats.
    private static final Set<Integer> TEXTS = Set.of(0, 25, 705, 1043);

    private BoundSettings() {}

    /// What the statement does to the session with the values that a Bind has.
    /// @param in   holds the Bind, perhaps not all of it
    /// @param at   behind the statement's name
    /// @param next behind the message
    static List<Effect> effects(SharedStatement statement, ByteBuf in, int at, int next, ClientSettings settings) {
        List<Effect> effects = statement.effects();
        if (effects.isEmpty() || effects.stream().noneMatch(Effect.SetToBound.class::isInstance)) return effects;
        boolean readable = next <= in.writerIndex() && !settings.dialectMayChange();
        var known = new ArrayList<Effect>();
        for (Effect effect : effects) {
            if (!(effect instanceof Effect.SetToBound setting)) known.add(effect);
            else if (readable && TEXTS.contains(type(statement, setting.number()))) known.addAll(read(setting, in, at, next, settings.dialect().characters()));
            else known.add(new Effect.Pin(PinReason.SET_CONFIG));
        }
        return known;
    }

    private static int type(SharedStatement statement, int number) {
        int[] types = statement.parameterTypes();
        return number >= 1 && number <= types.length ? types[number - 1] : 0;
    }

    /// What is no Bind is refused by the server, and has no effect.
    private static List<Effect> read(Effect.SetToBound setting, ByteBuf in, int at, int next, Characters characters) {
        int from = at + 2 + 2 * shortAt(in, at, next);
        int count = shortAt(in, from, next);
        from += 2;
        for (int number = 1; number <= count && from + 4 <= next; number++) {
            int bytes = in.getInt(from);
            from += 4;
            if (number == setting.number()) {
                if (bytes < 0) return setting.with(Optional.empty(), characters);
                return bytes <= next - from ? setting.with(Optional.of(in.toString(from, bytes, StandardCharsets.ISO_8859_1)), characters) : List.of();
            }
            if (bytes > next - from) return List.of();
            from += Math.max(bytes, 0);
        }
        return List.of();
    }

    private static int shortAt(ByteBuf in, int at, int next) {
        return at >= 0 && at + 2 <= next ? in.getUnsignedShort(at) : 0;
    }
}
