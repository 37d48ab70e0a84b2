package org.pgkeel.proxy.prepare;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.StatementScan;
import org.pgkeel.proxy.statement.TextHash;

/// The statements of all clients of one event loop, found by their text without an allocation. When they
/// outgrow the limit all are forgotten: clients and backends keep what they hold, later ones start anew.
///
/// Threading: confined to its event loop.
public final class StatementCache {
    /// What a statement takes beside its text: itself, its name, its place in the table, what is learnt of it.
    private static final int BYTES_BESIDE_TEXT = 200;
    private static final int SEEN_ONCE = 4096;

    private final LongSupplier bytesMax;
    private @Nullable SharedStatement[] table = new SharedStatement[256];
    private int size;
    private long bytes;
    /// That was peeked at last: most likely it is asked for next.
    private @Nullable SharedStatement peeked;
    /// Hashes of unnamed statements seen once: a text that comes only once is not worth to be kept prepared.
    private final long[] seenOnce = new long[SEEN_ONCE];

    /// @param bytesMax of them all: this event loop's share of `prepared.cache-bytes`, which a reload may change
    public StatementCache(LongSupplier bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// The statement with this text; a new one if there was none.
    ///
    /// @param meaning    settings that change what the text means
    /// @param generation how often the catalogue has changed
    /// @param from       start of the Parse message's body behind the name
    public SharedStatement find(Settings meaning, int generation, ByteBuf text, int from, int to) {
        long hash = hash(meaning, generation, text, from, to);
        SharedStatement known = lookUp(SharedStatement.Kind.PARSE, meaning, generation, text, from, to, hash);
        return known != null ? known : add(make(meaning, generation, text, from, to, hash));
    }

    /// The statement with this text if it is known or has been seen before; otherwise remembers to have seen it.
    /// @return null at first sight
    public @Nullable SharedStatement findAgain(Settings meaning, int generation, ByteBuf text, int from, int to) {
        SharedStatement likely = peeked;
        if (likely != null && likely.is(SharedStatement.Kind.PARSE, meaning, generation, text, from, to)) return likely;
        long hash = hash(meaning, generation, text, from, to);
        SharedStatement known = lookUp(SharedStatement.Kind.PARSE, meaning, generation, text, from, to, hash);
        if (known != null) return known;
        int place = (int) (hash >>> 40) & SEEN_ONCE - 1;
        if (seenOnce[place] != hash) {
            seenOnce[place] = hash;
            return null;
        }
        return add(make(meaning, generation, text, from, to, hash));
    }

    /// The statement with this text; null if there is none.
    public @Nullable SharedStatement peek(Settings meaning, int generation, ByteBuf text, int from, int to) {
        SharedStatement known = lookUp(SharedStatement.Kind.PARSE, meaning, generation, text, from, to, hash(meaning, generation, text, from, to));
        peeked = known;
        return known;
    }

    /// A statement of one client alone: nobody else finds it.
    public SharedStatement ownOf(Settings meaning, int generation, ByteBuf text, int from, int to) {
        return make(meaning, generation, text, from, to, 0);
    }

    /// The SQL-level PREPARE command with this text.
    ///
    /// @param text the command with a mark where the name stands
    public SharedStatement findPrepare(Settings meaning, int generation, ByteBuf text) {
        int from = text.readerIndex();
        int to = text.writerIndex();
        long hash = ~hash(meaning, generation, text, from, to);
        SharedStatement known = lookUp(SharedStatement.Kind.SQL_PREPARE, meaning, generation, text, from, to, hash);
        if (known != null) return known;
        return add(SharedStatement.prepared(meaning, generation, copy(text, from, to), hash));
    }

    /// The statement with the same text for clients with other settings; a new one if there was none.
    public SharedStatement find(Settings meaning, SharedStatement of) {
        ByteBuf text = Unpooled.wrappedBuffer(of.body());
        return switch (of.kind()) {
            case PARSE -> find(meaning, of.generation(), text, 0, text.writerIndex());
            case SQL_PREPARE -> findPrepare(meaning, of.generation(), text);
        };
    }

    /// As [#find(Settings, SharedStatement)], for one client alone.
    public SharedStatement ownOf(Settings meaning, SharedStatement of) {
        return switch (of.kind()) {
            case PARSE -> ownOf(meaning, of.generation(), Unpooled.wrappedBuffer(of.body()), 0, of.body().length);
            case SQL_PREPARE -> SharedStatement.prepared(meaning, of.generation(), of.body(), 0);
        };
    }

    /// Statements known.
    public int size() {
        return size;
    }

    /// What the statements in it take.
    public long bytes() {
        return bytes;
    }

    private static SharedStatement make(Settings meaning, int generation, ByteBuf text, int from, int to, long hash) {
        int end = text.indexOf(from, to, (byte) 0);
        return SharedStatement.parsed(meaning, generation, copy(text, from, to), hash, StatementScan.scan(text, from, end < 0 ? to : end));
    }

    private static byte[] copy(ByteBuf text, int from, int to) {
        byte[] bytes = new byte[to - from];
        text.getBytes(from, bytes);
        return bytes;
    }

    private @Nullable SharedStatement lookUp(SharedStatement.Kind kind, Settings meaning, int generation, ByteBuf text, int from, int to, long hash) {
        int mask = table.length - 1;
        for (int at = (int) (hash >>> 32) & mask; ; at = at + 1 & mask) {
            SharedStatement there = table[at];
            if (there == null) return null;
            if (there.hash() == hash && there.is(kind, meaning, generation, text, from, to)) return there;
        }
    }

    private SharedStatement add(SharedStatement statement) {
        int itsBytes = statement.body().length + BYTES_BESIDE_TEXT;
        bytes += itsBytes;
        if (bytes > bytesMax.getAsLong()) {
            table = new SharedStatement[256];
            size = 0;
            bytes = itsBytes;
        } else if (size * 2 >= table.length) {
            @Nullable SharedStatement[] old = table;
            table = new SharedStatement[old.length * 2];
            for (SharedStatement each : old) if (each != null) place(each);
        }
        place(statement);
        size++;
        return statement;
    }

    private void place(SharedStatement statement) {
        int mask = table.length - 1;
        int at = (int) (statement.hash() >>> 32) & mask;
        while (table[at] != null) at = at + 1 & mask;
        table[at] = statement;
    }

    private static long hash(Settings meaning, int generation, ByteBuf text, int from, int to) {
        return TextHash.of(TextHash.SEED ^ meaning.hashCode() ^ (long) generation << 32, text, from, to);
    }
}
