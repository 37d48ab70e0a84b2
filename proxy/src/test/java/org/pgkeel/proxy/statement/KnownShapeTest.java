package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What fits a shape has to have it. Replay with `-Dpgkeel.seed`.
class KnownShapeTest {
    private static final List<Dialect> DIALECTS = List.of(Dialect.USUAL, new Dialect(false, Characters.UTF8), new Dialect(true, Characters.SHIFT_JIS), new Dialect(false, Characters.PAIRS));
    private static final List<String> LITERALS = List.of("1", "0", "42", "3.14", "00.5", "'x'", "''", "'it''s'", "'a\\'", "'\\''", "'transaction_read_only'", "'in_h'", "'a_b'", "'--'", "'/*'", "'\u00e4'", "';'", "'\"'",
            "99999999999999999999", "1.", ".5", "1e5", "1_0", "1a", "$1", "E'1'", "'a' 'b'", "'a'\n'b'", "'", "5'a'", "'a'5");
    private static final List<String> PIECES = List.of(" ", "  ", "\n", "+", "-", "--", "/", "*", "/*", "e+", "e-", "1e+", ".", ",", "(", ")", "a", "a1", "x_y", "\"a\"", "\"5\"", "\"'\"", "&", "U&", "b", "E", "$", "$$", ";", "; ",
            "\u00e4", "::", "[", "]", "select", "\\", "_", "5 ", " from t where a = ");

    private final long seed = Long.getLong("pgkeel.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final TextShape shape = new TextShape();

    /// In a buffer that goes on in front of it and behind it.
    private static ByteBuf text(String sql) {
        return Unpooled.wrappedBuffer(("5'\"" + sql + "5'\"").getBytes(StandardCharsets.ISO_8859_1));
    }

    private String read(String sql, Dialect dialect) {
        ByteBuf buf = text(sql);
        shape.read(buf, 3, buf.writerIndex() - 3, dialect);
        return new String(shape.bytes(), 0, shape.length(), StandardCharsets.ISO_8859_1);
    }

    private static boolean fits(KnownShape known, String sql) {
        ByteBuf buf = text(sql);
        return known.fits(buf, 3, buf.writerIndex() - 3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "select abalance from pgbench_accounts where aid = 4711; | select abalance from pgbench_accounts where aid = 9;",
        "select a from t where b = 'x' and c=1.5 | select a from t where b = 'a longer one; -- of all' and c=71",
        "select 1 | select 0.125",
        "select '' | select 'x'",
        "update t set a=a+-17 where b in (1,2,'c') | update t set a=a+-2.5 where b in (11,0,'')",
        "begin | begin",
    })
    void texts_that_differ_in_plain_literals_alone_fit(String one, String other) {
        read(one, Dialect.USUAL);
        KnownShape known = shape.known();
        assertThat(fits(known, one)).isTrue();
        assertThat(fits(known, other)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "select 1 | select 1.",
        "select 1 | select 1a",
        "select 1 | ~select 1 ~",
        "select 1 | select",
        "select 1 | ~select ~",
        "select 1 | select -1",
        "select 1 | select '1'",
        "select '1' | select 1",
        "select 'a' | select 'a''",
        "select 'a' | select 'it''s'",
        "select 'a' | select 'transaction_read_only'",
        "select 'a' | select 'a' 'b'",
        "select 'a', 2 | select 'a'', 2",
        "select 1 from t | select 1 from u",
        "select 1 from pg_class where relname = 'x' | select 1 from pg_clasz where relname = 'x'",
        "begin | begin;",
    })
    void others_do_not(String one, String other) {
        read(one, Dialect.USUAL);
        assertThat(fits(shape.known(), other)).isFalse();
    }

    @Test
    void a_text_that_differs_in_any_byte_between_its_literals_does_not_fit() {
        String sql = "select abalance, 'x' from pgbench_accounts where aid = 5 and bid = 7 limit 1;";
        read(sql, Dialect.USUAL);
        KnownShape known = shape.known();
        for (int at = 0; at < sql.length(); at++) {
            if ("x57".indexOf(sql.charAt(at)) >= 0 || sql.charAt(at) == '1') continue;
            assertThat(fits(known, sql.substring(0, at) + '#' + sql.substring(at + 1))).as("at %s", at).isFalse();
        }
    }

    @Test
    void what_fits_has_the_shape() {
        int fitting = 0;
        for (int i = 0; i < 400_000; i++) {
            Dialect dialect = DIALECTS.get(random.nextInt(4));
            StringBuilder one = new StringBuilder("select ");
            StringBuilder other = new StringBuilder("select ");
            for (int piece = random.nextInt(7); piece >= 0; piece--) {
                boolean literal = random.nextInt(2) == 0;
                List<String> of = literal ? LITERALS : PIECES;
                String first = of.get(random.nextInt(of.size()));
                one.append(first);
                other.append(random.nextInt(literal ? 2 : 12) == 0 ? of.get(random.nextInt(of.size())) : first);
            }
            String had = read(one.toString(), dialect);
            KnownShape known = shape.known();
            if (!fits(known, other.toString())) continue;
            fitting++;
            assertThat(read(other.toString(), dialect)).as("-Dpgkeel.seed=%s, %s: %s and %s", seed, dialect, one, other).isEqualTo(had);
        }
        assertThat(fitting).as("texts that fit, seed %s", seed).isGreaterThan(40_000);
    }
}
