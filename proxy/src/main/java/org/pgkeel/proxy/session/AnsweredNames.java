package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;

/// What a client has prepared or closed in a batch whose backend was lost, as far as it was told so: the batch is not sent again, and for the client
/// those names have their new meaning. All else of the batch was taken back with the backend.
///
/// Threading: confined to the session's event loop.
final class AnsweredNames {
    private AnsweredNames() {}

    /// The client's prepared statements, while it has no backend.
    interface Statements extends LostTransaction.Names {
        /// @param text where the statement's text begins, and all behind it
        void keepUnnamed(ByteBuf in, int text, int next);

        void forgetUnnamed();
    }

    /// @param batch   the client's messages, whole
    /// @param replies that it has to them, rows apart
    static void keep(byte[] batch, int bytes, int replies, Statements statements) {
        ByteBuf in = Unpooled.wrappedBuffer(batch, 0, bytes);
        int next;
        for (int at = 0, told = 0; at + 5 <= bytes; at = next) {
            next = at + 1 + in.getInt(at + 1);
            byte type = in.getByte(at);
            told += repliesTo(in, type, at);
            if (told > replies) return;
            if (type == FrontendType.PARSE) parsed(in, at, next, statements);
            else if (type == FrontendType.CLOSE && in.getByte(at + 5) == 'S') closed(Arrays.copyOfRange(batch, at + 6, next - 1), statements);
            else if (type == FrontendType.QUERY) statements.forgetUnnamed();
        }
    }

    private static int repliesTo(ByteBuf in, byte type, int at) {
        return switch (type) {
            case FrontendType.PARSE, FrontendType.BIND, FrontendType.CLOSE, FrontendType.EXECUTE, FrontendType.QUERY, FrontendType.FUNCTION_CALL -> 1;
            case FrontendType.DESCRIBE -> in.getByte(at + 5) == 'S' ? 2 : 1;
            default -> 0;
        };
    }

    private static void parsed(ByteBuf in, int at, int next, Statements statements) {
        int nameEnd = in.indexOf(at + 5, next, (byte) 0);
        if (nameEnd == at + 5) {
            statements.keepUnnamed(in, nameEnd + 1, next);
            return;
        }
        @Nullable SharedStatement known = statements.get(in, at + 5, nameEnd);
        if (known == null) statements.keepName(in, at + 5, nameEnd, nameEnd + 1, next);
    }

    private static void closed(byte[] name, Statements statements) {
        if (name.length == 0) statements.forgetUnnamed();
        else statements.remove(name);
    }
}
