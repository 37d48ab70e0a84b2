package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// Reads from the messages of a batch, as its client sent them, what it asks for. The messages were looked into once before, when they
/// were sent: they are whole.
///
/// Threading: one call, one thread.
final class BatchReader {
    private final Function<String, StatementClass> classOfText;
    private final Function<String, StatementClass> classOfName;
    private final Map<String, StatementClass> parsed = new HashMap<>();
    /// No Execute has come since.
    private final List<StatementClass> bound = new ArrayList<>();
    private final Set<StatementKind> kinds = EnumSet.noneOf(StatementKind.class);
    private boolean executes;
    private boolean onlyReads = true;
    private boolean elsewhere;
    /// Behind a ROLLBACK, no block has begun since.
    private boolean rolledBack;
    /// Behind a BEGIN, whose block has not ended since.
    private boolean inBlock;

    private BatchReader(Function<String, StatementClass> classOfText, Function<String, StatementClass> classOfName) {
        this.classOfText = classOfText;
        this.classOfName = classOfName;
    }

    /// @param classOfText of the SQL, one character for each byte
    /// @param classOfName of the statement that the client prepared under a name before the batch
    static BatchContents read(byte[] messages, int bytes, Function<String, StatementClass> classOfText, Function<String, StatementClass> classOfName) {
        var reader = new BatchReader(classOfText, classOfName);
        ByteBuf in = Unpooled.wrappedBuffer(messages, 0, bytes);
        boolean complete = false;
        for (int at = 0; at + 5 <= bytes; at += 1 + in.getInt(at + 1)) {
            byte type = in.getByte(at);
            reader.message(in, type, at + 5);
            complete = type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL || type == FrontendType.SYNC;
        }
        return new BatchContents(reader.executes, reader.onlyReads, reader.kinds, reader.elsewhere, complete);
    }

    private void message(ByteBuf in, byte type, int at) {
        switch (type) {
            case FrontendType.QUERY -> executes(classOfText.apply(string(in, at)));
            case FrontendType.FUNCTION_CALL -> executes(StatementClass.UNREAD);
            case FrontendType.PARSE -> {
                String name = string(in, at);
                parsed.put(name, classOfText.apply(string(in, at + name.length() + 1)));
            }
            case FrontendType.BIND -> {
                String name = string(in, at + string(in, at).length() + 1);
                StatementClass inBatch = parsed.get(name);
                bound.add(inBatch == null ? classOfName.apply(name) : inBatch);
            }
            case FrontendType.EXECUTE -> {
                // It runs what was bound, to whatever portal.
                bound.forEach(this::executes);
                bound.clear();
                if (!executes) executes(StatementClass.UNREAD);
            }
            default -> { }   // the others run nothing
        }
    }

    private void executes(StatementClass statement) {
        executes = true;
        boolean commitsInside = BatchContents.commitsInside(statement, inBlock);
        for (StatementKind kind : statement.kinds()) {
            kinds.add(kind == StatementKind.COMMITS_INSIDE && !commitsInside ? StatementKind.DATA : kind);
            if (kind == StatementKind.BEGIN) inBlock = true;
            else if (kind == StatementKind.COMMIT || kind == StatementKind.ROLLBACK || kind == StatementKind.PREPARE_TRANSACTION) inBlock = false;
            if (kind == StatementKind.ROLLBACK) rolledBack = true;
            else if (kind == StatementKind.BEGIN) rolledBack = false;
            // What stands behind the end of a block is not in it: it commits with the batch.
            else if (rolledBack && !BatchContents.isHarmless(statement)) kinds.remove(StatementKind.BEGIN);
        }
        if (statement.has(StatementKind.COMMIT)) kinds.add(StatementKind.COMMIT);
        onlyReads &= BatchContents.isHarmless(statement);
        elsewhere |= BatchContents.actsElsewhere(statement);
    }

    private static String string(ByteBuf in, int at) {
        int end = in.indexOf(at, in.writerIndex(), (byte) 0);
        return in.toString(at, (end < 0 ? in.writerIndex() : end) - at, StandardCharsets.ISO_8859_1);
    }
}
