package org.pgkeel.bench.ingest;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.pgkeel.bench.client.Requests;

/// What one client writes: encoded once, and from write to write only the ids and numbers in it change. The numbers of a client's rows
/// count from 0 and are in the payload, so that the table tells whether a row is missing, doubled, or out of place.
///
/// Threading: confined to one thread.
final class EventMessages {
    static final int NUMBER_DIGITS = 10;
    static final List<String> SCHEMA = List.of("create table events (id uuid primary key, user_id uuid not null, type varchar(50) not null, payload jsonb not null, ts timestamptz not null)");

    private static final String COLUMNS = "events (id, user_id, type, payload, ts)";
    private static final String INSERT = "insert into " + COLUMNS + " values ";
    private static final String STATEMENT = "S_1";
    private static final int UUID_BYTES = 16;
    private static final int UUID_CHARACTERS = 36;
    private static final int[] PGJDBC_TYPES = {2950, 2950, 1043, 3802, 0};
    private static final int[] EXACT_TYPES = {2950, 2950, 1043, 3802, 1184};
    private static final int[] UNKNOWN_TYPES = {0, 0, 0, 0, 0};
    private static final List<String> EVENT_TYPES = List.of("page_view", "add_to_cart", "checkout_started", "order_placed", "search", "login", "logout", "newsletter_subscribed");
    private static final String TIME = "2026-01-15 12:34:56.789012+00";
    private static final long TIME_MICROS = 821_795_696_789_012L;
    private static final byte[] HEX = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private final Manner manner;
    private final int client;
    private final byte[] template;
    private final int[] idAt;
    private final int[] numberAt;
    private final boolean textIds;

    EventMessages(Manner manner, int client) {
        this.manner = manner;
        this.client = client;
        var out = new MessageBytes();
        switch (manner.form()) {
            case PGJDBC, BINARY, TEXT -> {
                for (int row = 0; row < manner.rowsAtOnce(); row++) {
                    execute(out);
                    if (!manner.sharedSync() || row == manner.rowsAtOnce() - 1) out.begin('S').end();
                }
            }
            case SIMPLE, MULTI_ROW -> {
                out.begin('Q').text(INSERT);
                for (int row = 0; row < manner.rowsAtOnce(); row++) literals(out.text(row == 0 ? "" : ", "));
                out.zero().end();
            }
            case COPY -> {
                out.begin('B').zero().text(STATEMENT).zero().int16(0).int16(0).int16(0).end().begin('E').zero().int32(0).end();
                out.begin('d');
                for (int row = 0; row < manner.rowsAtOnce(); row++) line(out);
                out.end().begin('c').end().begin('S').end();
            }
        }
        template = out.bytes();
        idAt = out.idAt();
        numberAt = out.numberAt();
        textIds = switch (manner.form()) {
            case PGJDBC, BINARY -> false;
            case TEXT, SIMPLE, MULTI_ROW, COPY -> true;
        };
    }

    /// What has to be sent once after the login, before the first row.
    static Optional<Requests> preparation(Manner manner) {
        return switch (manner.form()) {
            case PGJDBC -> Optional.of(prepared(PGJDBC_TYPES));
            case BINARY -> Optional.of(prepared(EXACT_TYPES));
            case TEXT -> Optional.of(prepared(UNKNOWN_TYPES));
            case COPY -> Optional.of(new Requests().prepare(STATEMENT, "copy " + COLUMNS + " from stdin").sync());
            case SIMPLE, MULTI_ROW -> Optional.empty();
        };
    }

    int size() {
        return template.length;
    }

    /// @param into  with room for [#size] more
    /// @param first number of the first row in it
    void write(ByteBuffer into, long first) {
        int start = into.position();
        into.put(template);
        for (int row = 0; row < idAt.length; row++) {
            long low = mix((long) client << 40 | first + row);
            long high = mix(low ^ 0x5851F42D4C957F2DL);
            if (textIds) putText(into, start + idAt[row], high, low);
            else into.putLong(start + idAt[row], high).putLong(start + idAt[row] + Long.BYTES, low);
            putNumber(into, start + numberAt[row], first + row);
        }
    }

    /// The user id of a client's rows, as SQL writes it; its last twelve digits are the client's number.
    private String user() {
        return "00000000-0000-4000-8000-%012d".formatted(client);
    }

    private String type() {
        return EVENT_TYPES.get(client % EVENT_TYPES.size());
    }

    private void execute(MessageBytes out) {
        out.begin('B').zero().text(STATEMENT).zero();
        switch (manner.form()) {
            case PGJDBC -> {
                out.int16(5).int16(1).int16(1).int16(0).int16(0).int16(0).int16(5);
                out.int32(UUID_BYTES).id(UUID_BYTES);
                binaryUser(out);
                sized(out, type());
                payload(out.int32(payloadSize()));
                sized(out, TIME);
            }
            case BINARY -> {
                out.int16(1).int16(1).int16(5);
                out.int32(UUID_BYTES).id(UUID_BYTES);
                binaryUser(out);
                sized(out, type());
                payload(out.int32(payloadSize() + 1).text("\u0001"));
                out.int32(Long.BYTES).int64(TIME_MICROS);
            }
            default -> {
                out.int16(0).int16(5);
                out.int32(UUID_CHARACTERS).id(UUID_CHARACTERS);
                sized(out, user());
                sized(out, type());
                payload(out.int32(payloadSize()));
                sized(out, TIME);
            }
        }
        out.int16(0).end().begin('E').zero().int32(manner.form() == Manner.Form.PGJDBC ? 1 : 0).end();
    }

    private void binaryUser(MessageBytes out) {
        out.int32(UUID_BYTES).int64(0x4000L).int64(Long.parseUnsignedLong(user().substring(19).replace("-", ""), 16));
    }

    private void literals(MessageBytes out) {
        out.text("('").id(UUID_CHARACTERS).text("', '" + user() + "', '" + type() + "', '");
        payload(out);
        out.text("', '" + TIME + "')");
    }

    private void line(MessageBytes out) {
        out.id(UUID_CHARACTERS).text("\t" + user() + "\t" + type() + "\t");
        payload(out);
        out.text("\t" + TIME + "\n");
    }

    private static void sized(MessageBytes out, String text) {
        out.int32(text.length()).text(text);
    }

    private static final String BEFORE_NUMBER = "{\"seq\": \"";
    private static final String AFTER_NUMBER = "\", \"path\": \"/catalogue/shoes/running/4711\", \"agent\": \"Mozilla/5.0 (X11; Linux x86_64)\", "
            + "\"referrer\": \"https://shop.example/home\", \"ms\": 137, \"tags\": [\"a\", \"mobile\"], \"ok\": true}";

    private static void payload(MessageBytes out) {
        out.text(BEFORE_NUMBER).number().text(AFTER_NUMBER);
    }

    private static int payloadSize() {
        return BEFORE_NUMBER.length() + NUMBER_DIGITS + AFTER_NUMBER.length();
    }

    private static Requests prepared(int[] types) {
        return new Requests().prepare(STATEMENT, INSERT + "($1, $2, $3, $4, $5)", types).sync();
    }

    /// Two different numbers never become the same: ids are as random as a client's, and still tell clients and rows apart.
    private static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    private static void putNumber(ByteBuffer into, int at, long number) {
        for (int digit = NUMBER_DIGITS - 1; digit >= 0; digit--, number /= 10) into.put(at + digit, (byte) ('0' + number % 10));
    }

    private static void putText(ByteBuffer into, int at, long high, long low) {
        int place = at;
        for (int digit = 0; digit < 32; digit++) {
            if (digit == 8 || digit == 12 || digit == 16 || digit == 20) into.put(place++, (byte) '-');
            long half = digit < 16 ? high : low;
            into.put(place++, HEX[(int) (half >>> 60 - 4 * (digit % 16)) & 15]);
        }
    }
}
