package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The question behind a client's statements for the transaction's xid and WAL position, in the same transaction. A statement and a portal of
/// its own names: the unnamed ones may be the client's, and in an explicit transaction a portal's name cannot be bound twice, so it
/// is closed behind. Only behind the client's statements, never in front: the first statement of an implicit transaction is special.
///
/// It is answered by BindComplete, DataRow, CommandComplete and CloseComplete (the last two reach PgKeel only with what is flushed next), or skipped after
/// an error. On a hot standby it is an error itself. DISCARD ALL and DEALLOCATE ALL remove the statement.
///
/// Threading: pure functions; the bytes are shared and never written.
public final class OutcomeProbe {
    public static final String NAME = "pgkeel_xl";
    public static final String SQL = "select pg_catalog.pg_current_xact_id_if_assigned(), pg_catalog.pg_current_wal_insert_lsn()";

    /// The same of a transaction that may have no xid yet, and have effects all the same: then it gets one, and a record of it in the WAL, which the rule of the
    /// position rests on. Made anew each time, for it is seldom asked.
    private static final String NOTING_NAME = "pgkeel_xn";
    private static final String NOTING_SQL = "select pg_catalog.pg_current_xact_id(), pg_catalog.pg_current_wal_insert_lsn() from (select case"
            + " when pg_catalog.pg_current_xact_id_if_assigned() is null then pg_catalog.pg_logical_emit_message(true, 'pgkeel'::pg_catalog.text, ''::pg_catalog.text) end) as noted";

    /// Room that each of the messages below fits into.
    public static final int BYTES_MAX = 512;
    /// Replies to what stands ahead of the Bind of [#writeNoting].
    public static final int NOTING_REPLIES_AHEAD = 2;

    private static final byte[] PARSE = message('P', NAME + "\0" + SQL + "\0" + "\0\0");
    private static final byte[] BIND_EXECUTE_CLOSE = bindExecuteClose(NAME);
    private static final byte[] NOTING = concat(message('C', "S" + NOTING_NAME + "\0"), message('P', NOTING_NAME + "\0" + NOTING_SQL + "\0" + "\0\0"), bindExecuteClose(NOTING_NAME));
    private static final byte[] FLUSH = message('H', "");
    private static final int XID_DIGITS_MAX = 20;
    private static final int LSN_CHARS_MAX = 17;

    private OutcomeProbe() {}

    /// Parse, answered by ParseComplete. Once per backend connection.
    public static void writeParse(ByteBuf out) {
        out.writeBytes(PARSE);
    }

    /// Bind, Execute and Close of the portal: answered by BindComplete, DataRow, CommandComplete, CloseComplete. Behind them go a
    /// Flush ([#writeFlush]) and, in the one-write form, the Sync or COMMIT.
    public static void writeBindExecute(ByteBuf out) {
        out.writeBytes(BIND_EXECUTE_CLOSE);
    }

    /// Close and Parse of the statement that gives the transaction an xid, and the rest as in [#writeBindExecute].
    public static void writeNoting(ByteBuf out) {
        out.writeBytes(NOTING);
    }

    /// Without it the answer would wait in the server's buffer until the commit is done.
    public static void writeFlush(ByteBuf out) {
        out.writeBytes(FLUSH);
    }

    /// Reads the DataRow's body, which starts with the count of its columns.
    /// @param in   not kept, its indices stay
    /// @param from where the body starts
    /// @return empty if the transaction has no xid
    /// @throws ProtocolViolation if it is no answer to [#SQL]
    public static Optional<TransactionMark> parse(ByteBuf in, int from, int bytes) {
        int end = from + bytes;
        if (bytes < 10 || in.getShort(from) != 2) throw violation("not two columns");
        int xidBytes = in.getInt(from + 2);
        int at = from + 6;
        long xid = 0;
        if (xidBytes != -1) {
            if (xidBytes < 1 || xidBytes > XID_DIGITS_MAX || at + xidBytes + 4 > end) throw violation("an xid of " + xidBytes + " bytes");
            xid = parseXid(in, at, xidBytes);
            at += xidBytes;
        }
        int lsnBytes = in.getInt(at);
        at += 4;
        if (lsnBytes < 3 || lsnBytes > LSN_CHARS_MAX || at + lsnBytes != end) throw violation("a position of " + lsnBytes + " bytes");
        if (xidBytes == -1) return Optional.empty();
        try {
            return Optional.of(new TransactionMark(xid, Lsn.parse(in.toString(at, lsnBytes, StandardCharsets.US_ASCII))));
        } catch (IllegalArgumentException bad) {
            throw violation(String.valueOf(bad.getMessage()));
        }
    }

    private static long parseXid(ByteBuf in, int at, int bytes) {
        long xid = 0;
        for (int i = at; i < at + bytes; i++) {
            int digit = in.getByte(i) - '0';
            if (digit < 0 || digit > 9) throw violation("an xid with the byte " + in.getByte(i));
            xid = xid * 10 + digit;
        }
        return xid;
    }

    private static ProtocolViolation violation(String what) {
        return new ProtocolViolation("DataRow of the outcome probe: " + what);
    }

    private static byte[] bindExecuteClose(String name) {
        return concat(
                message('B', name + "\0" + name + "\0" + "\0\0" + "\0\0" + "\0\0"),
                message('E', name + "\0" + "\0\0\0\0"),
                message('C', "P" + name + "\0"));
    }

    private static byte[] message(char type, String body) {
        byte[] text = body.getBytes(StandardCharsets.US_ASCII);
        byte[] message = new byte[5 + text.length];
        message[0] = (byte) type;
        int length = 4 + text.length;
        for (int i = 0; i < 4; i++) message[1 + i] = (byte) (length >>> 24 - 8 * i);
        System.arraycopy(text, 0, message, 5, text.length);
        return message;
    }

    private static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) length += part.length;
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
