package org.pgkeel.proxy.insert;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.statement.Dialect;

/// The hash of a row's key, from all that a client may send.
class RowKeyTest {
    private static final int INT4 = 23;
    private static final int INT8 = 20;
    private static final int TEXT = 25;
    private static final int NUMERIC = 1700;
    private static final int UUID = 2950;
    private static final String ID = "0f8fad5b-d9cb-469f-a165-70867728950e";

    private static TargetTable table(int type) {
        return new TargetTable(1, "public", "t", "public.t", true, false, true, false, false, true, "",
                List.of(new TargetTable.Column("v", TEXT, TEXT, false, false), new TargetTable.Column("k", type, type, false, false)), Arbiters.NONE, Optional.empty());
    }

    private static InsertShape shape(String sql) {
        return InsertShape.parse(sql, Dialect.USUAL).orElseThrow();
    }

    /// Of the second of two parameters.
    private static long bound(int columnType, int declared, byte[] value, int format) {
        ByteBuf bind = Unpooled.buffer().writeShort(2).writeShort(0).writeShort(format).writeShort(2).writeInt(-1).writeInt(value.length).writeBytes(value).writeShort(0);
        return RowKey.of(shape("insert into t (v, k) values ($1, $2)"), new int[] {0, declared}, table(columnType), "k").ofBind(bind, 0, bind.writerIndex());
    }

    private static long bound(int columnType, String value) {
        return bound(columnType, 0, value.getBytes(StandardCharsets.UTF_8), 0);
    }

    private static long simple(int columnType, String value) {
        var templates = new InsertTemplates();
        ByteBuf text = Unpooled.copiedBuffer("insert into t (v, k) values ('a, ''b', " + value + ")", StandardCharsets.UTF_8);
        InsertShape found = templates.find(text, 0, text.writerIndex());
        assertThat(found).isNotNull();
        return templates.key(found, RowKey.of(found, new int[0], table(columnType), "k"), text, 0, text.writerIndex());
    }

    private static byte[] binary(int bytes, long value) {
        return HexFormat.of().parseHex("%016x".formatted(value).substring(16 - 2 * bytes));
    }

    @Test
    void a_whole_number_has_one_hash_however_it_is_sent() {
        for (long number : new long[] {0, 7, -7, 32_000, -32_000}) {
            String text = Long.toString(number);
            assertThat(List.of(bound(INT8, text), simple(INT8, text), simple(INT8, "'" + text + "'"), bound(INT8, INT8, binary(8, number), 1), bound(INT8, INT4, binary(4, number), 1),
                    bound(INT4, 21, binary(2, number), 1))).as(text).containsOnly(bound(INT4, text)).doesNotContain(RowKey.UNKNOWN);
        }
        assertThat(bound(INT4, "007")).isEqualTo(bound(INT4, "7")).isNotEqualTo(bound(INT4, "8"));
        assertThat(RowKey.of(shape("insert into t (v, k) values ($1, 7)"), new int[0], table(INT4), "k").ofBind(Unpooled.EMPTY_BUFFER, 0, 0)).isEqualTo(bound(INT4, "7"));
    }

    @Test
    void a_text_is_its_bytes_without_blanks_at_its_end() {
        assertThat(simple(TEXT, "'it''s'")).isEqualTo(bound(TEXT, "it's")).isEqualTo(bound(TEXT, TEXT, "it's".getBytes(StandardCharsets.UTF_8), 1)).isEqualTo(bound(TEXT, "it's  "));
        assertThat(bound(TEXT, "a")).isNotEqualTo(bound(TEXT, "A"));
        assertThat(bound(TEXT, "")).isNotEqualTo(RowKey.UNKNOWN);
    }

    @Test
    void a_uuid_has_one_hash_in_all_its_notations() {
        byte[] bytes = HexFormat.of().parseHex(ID.replace("-", ""));
        assertThat(List.of(bound(UUID, ID.toUpperCase(java.util.Locale.ROOT)), bound(UUID, ID.replace("-", "")), simple(UUID, "'" + ID + "'"), bound(UUID, UUID, bytes, 1)))
                .containsOnly(bound(UUID, ID)).doesNotContain(RowKey.UNKNOWN);
    }

    @Test
    void a_value_that_is_not_surely_understood_may_be_equal_to_any() {
        assertThat(List.of(bound(INT4, "+7"), bound(INT4, " 7"), bound(INT4, "0x7"), bound(INT4, ""), bound(INT4, "-"), bound(INT4, "1234567890123456789"), bound(INT4, NUMERIC, "7".getBytes(StandardCharsets.UTF_8), 0),
                bound(NUMERIC, "7"), bound(TEXT, INT4, binary(4, 7), 1), bound(UUID, "{" + ID + "}"), bound(UUID, "0f8f"), simple(TEXT, "7"), bound(INT8, INT8, binary(1, 7), 1)))
                .containsOnly(RowKey.UNKNOWN);
        assertThat(RowKey.of(shape("insert into t (v) values ($1)"), new int[0], table(INT4), "k").ofBind(Unpooled.EMPTY_BUFFER, 0, 0)).isEqualTo(RowKey.UNKNOWN);
        assertThat(RowKey.of(shape("insert into t (v, k) values ($1, $2 + 1)"), new int[0], table(INT4), "k").ofBind(Unpooled.EMPTY_BUFFER, 0, 0)).isEqualTo(RowKey.UNKNOWN);
        assertThat(RowKey.of(shape("insert into t (v, k) values ($1, $2)"), new int[0], table(INT4), "other").ofBind(Unpooled.EMPTY_BUFFER, 0, 0)).isEqualTo(RowKey.UNKNOWN);
        assertThat(RowKey.whyUnknown(table(INT4), "k")).isEmpty();
        assertThat(RowKey.whyUnknown(table(NUMERIC), "k")).isPresent();
        assertThat(RowKey.whyUnknown(table(INT4), "other")).contains("there is no such column");
    }
}
