package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.insert.TargetTable;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;

/// The statements that batches run for themselves, prepared in backends like those of clients.
///
/// Threading: confined to its event loop.
final class OwnStatements {
    private static final int COPIES_MAX = 256;
    private static final int OID = 26;
    private static final int TEXT = 25;

    private final StatementCache cache;
    private final SharedStatement lockTimeout;
    private final SharedStatement guard;
    private final SharedStatement treeGuard;
    private final SharedStatement mark;
    private final LinkedHashMap<String, SharedStatement> copies = new LinkedHashMap<>(16, 0.75f, true);

    OwnStatements(StatementCache cache) {
        this.cache = cache;
        this.lockTimeout = make("select pg_catalog.set_config('lock_timeout', $1, true)", TEXT);
        this.guard = make(TargetTable.GUARD, OID, TEXT, TEXT);
        this.treeGuard = make(TargetTable.TREE_GUARD, OID, TEXT, TEXT);
        this.mark = make("select case when pg_catalog.pg_current_xact_id_if_assigned() is null then pg_catalog.pg_logical_emit_message(true, 'pgkeel', ''::text) end");
    }

    private SharedStatement make(String sql, int... types) {
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        ByteBuf body = Unpooled.buffer(text.length + 3 + 4 * types.length).writeBytes(text).writeByte(0).writeShort(types.length);
        for (int type : types) body.writeInt(type);
        return cache.ownOf(Settings.NONE, 0, body, 0, body.writerIndex());
    }

    /// @param sql a COPY command
    SharedStatement copy(String sql) {
        SharedStatement known = copies.get(sql);
        if (known == null) {
            known = make(sql);
            copies.put(sql, known);
            if (copies.size() > COPIES_MAX) copies.pollFirstEntry();
        }
        return known;
    }

    /// From here to the end of the transaction a lock is waited for no longer than this.
    void lockTimeout(Duration most, BatchScript script, BackendConnection leased, ByteBuf out) {
        if (!most.isZero()) run(lockTimeout, script, leased, out, most.toMillis() + "ms");
    }

    /// The transaction fails if the table is not what it was, or its name means another one.
    void guard(TargetTable known, String writtenName, BatchScript script, BackendConnection leased, ByteBuf out) {
        run(known.partitioned() ? treeGuard : guard, script, leased, out, Long.toString(known.oid()), known.fingerprint(), writtenName);
    }

    /// A transaction that has written nothing writes a word: its commit waits until the WAL up to there is where commits have to be.
    void leaveMark(BatchScript script, BackendConnection leased, ByteBuf out) {
        run(mark, script, leased, out);
    }

    private static void run(SharedStatement statement, BatchScript script, BackendConnection leased, ByteBuf out, String... values) {
        script.ensure(leased, statement, out);
        byte[] name = statement.name();
        int start = out.writerIndex();
        out.writeByte(FrontendType.BIND).writeInt(0).writeByte(0).writeBytes(name).writeByte(0).writeShort(0).writeShort(values.length);
        for (String value : values) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length).writeBytes(bytes);
        }
        out.writeShort(0);
        out.setInt(start + 1, out.writerIndex() - start - 1);
        out.writeByte(FrontendType.EXECUTE).writeInt(9).writeByte(0).writeInt(0);
        script.expect(Step.own(Step.Ends.BIND));
        script.expect(Step.own(Step.Ends.EXECUTE));
    }
}
