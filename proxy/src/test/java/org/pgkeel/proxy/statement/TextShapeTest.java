package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.catalogue.Catalogue.Row;
import org.pgkeel.proxy.catalogue.RegressionCorpus;

/// A shape has to have the class of every text that it stands for, and be plain only if [StatementScan] finds nothing in any of these, or only what does nothing to its session. Replay with `-Dpgkeel.seed`.
class TextShapeTest {
    private static final Catalogue CATALOGUE = Catalogue.of(List.of(new Row('f', "lower"), new Row('f', "count"), new Row('f', "current_setting"),
            new Row('u', "nextval"), new Row('v', "writing_view"), new Row('t', "checked_domain"), new Row('o', "@@>")));
    private static final List<Dialect> DIALECTS = List.of(Dialect.USUAL, new Dialect(false, Characters.UTF8), new Dialect(true, Characters.SHIFT_JIS), new Dialect(false, Characters.PAIRS));
    private static final List<String> LITERALS = List.of("1", "0", "42", "3.14", "00.5", "'x'", "''", "'it''s'", "'nextval(1)'", "'a\\'", "'\\''", "'transaction_read_only'", "'In_Hot_Standby'",
            "'in_h'", "'a_b'", "'--'", "'/*'", "'$$'", "'\u00e4'", "'\n'", "';'", "'\"'", "99999999999999999999", "2147483648");
    private static final List<String> PIECES = List.of("'", "''", "\\'", "\\", "\"", "$$", "$a$", "$1", "$1$", "$", "--", "/*", "*/", "\n", " ", "E'", "e'\\'", "U&'", "U&\"", "u&\"!0061\" uescape '!'", "b'",
            "N'", "x'1f'", ";", "' '", "'\n'", "'--\n'", "||", "-", "+", "*", "/", ",", "1", "12.5", "1.", ".5", "1.5.6", "1e", "1e5", "1e+5", "1e+5.5", "e+5", "1_0", "0x1f", "1into", "a", "a1", "\u00e4", "1\u00e4",
            "\"a\"", "(", ")", "nextval(", "lower(", "from ", "select ", "insert ", "t", " for update", "writing_view", "::", ":", "@@>", "@", "@>", ".", "transaction_read_only", "in_hot_standby", "&", "_", "set_config('a', 'b', true)", "\"set_config\"(", "pg_temp.", "into temp t ", "lastval()", "now", "temp ", "explain execute x");

    private static final List<String> TEMPLATES = List.of("select * from t where a = ? and b in (?, ?, ?) limit ?", "update t set a = a + ?, b = ? where c = ?;", "insert into t (a, b) values (?, ?), (?,?)",
            "delete from t where a between ? and ? returning *", "with x as (select ? as a from t where b like ?) select count(*) from x, y where x.a=?", "values (?, ?)", "select x[?], f(?)::numeric(10, 2), date ? from t order by 1",
            "merge into t using u on t.a = ? when matched then delete", "select nextval(?), lower(?) from writing_view", "select a@@>?, a-?, a/? from t for update", "select case when a<? then ? else ? end from t");
    private static final List<String> PLAIN = List.of("1", "42", "0", "99999999999999999999");
    private static final Pattern LITERAL = Pattern.compile("'[^']*'|\\b\\d+(\\.\\d+)?\\b");

    private final long seed = Long.getLong("pgkeel.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final TextShape shape = new TextShape();

    private String shapeOf(String sql, Dialect dialect) {
        ByteBuf buf = Unpooled.wrappedBuffer(("Q...." + sql).getBytes(StandardCharsets.ISO_8859_1));
        shape.read(buf, 5, buf.writerIndex(), dialect);
        return new String(shape.bytes(), 0, shape.length(), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "select abalance from pgbench_accounts where aid = 4711; | select abalance from pgbench_accounts where aid = 0;",
        "UPDATE t SET a=a+-17 WHERE b='x''y' | UPDATE t SET a=a+-0 WHERE b=''",
        "insert into t values (1, 2.50, 'a', $1, $12) | insert into t values (0, 0, '', $1, $12)",
        "select t1.a2, x[3:4], '5'::int8 from t1 limit 10 | select t1.a2, x[0:0], ''::int8 from t1 limit 0",
        "with x as (select 1) select \"it's 5\" from x | with x as (select 0) select \"it's 5\" from x",
    })
    void literals_are_taken_out(String sql, String expected) {
        assertThat(shapeOf(sql, Dialect.USUAL)).isEqualTo(expected);
        assertThat(shape.isShared()).isTrue();
    }

    @Test
    void a_literal_is_found_wherever_it_stands() {
        String before = "abc @x_y~Z [a]\\^`{|} \t,=<>?!#%(),*:q ";
        for (int length = 0; length <= before.length(); length++) {
            for (int behind = 0; behind < 9; behind++) {
                String front = "select " + before.substring(0, length) + " ";
                String back = " x".repeat(behind);
                assertThat(shapeOf(front + "7" + back, Dialect.USUAL)).isEqualTo(front + "0" + back);
                assertThat(shapeOf(front + "'7'" + back, Dialect.USUAL)).isEqualTo(front + "''" + back);
                assertThat(shapeOf(front + "\"7\"" + back, Dialect.USUAL)).isEqualTo(front + "\"7\"" + back);
                assertThat(shapeOf(front + "7 -- 7" + back, Dialect.USUAL)).isEqualTo(front + "7 -- 7" + back);
                assertThat(shapeOf(front + "7 \u00e4 '\u00e4'" + back, Dialect.USUAL)).isEqualTo(front + "0 \u00e4 ''" + back);
                assertThat(shapeOf(front + "7 \u00e4" + back, new Dialect(true, Characters.SHIFT_JIS))).isEqualTo(front + "7 \u00e4" + back);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "select 1 -- 2", "select 1 /* 2 */", "select 1; select 2", "select E'1'", "select U&'1'", "select b'1'", "select $$1$$", "select $a$1$a$", "select 1, $1lastval()", "select 1, $1$2", "select 'a'\n'b'", "select 'open", "select \"open",
        "select U&\"a\" 1", "set a = 1", "copy t from 'x'", "do 'begin end'", "explain select 1", "/* 1 */ select 1", "select current_setting('transaction_read_only')",
        "select current_setting('IN_HOT_STANDBY')", "1", "'x'", "call p(1)", "prepare transaction 'x'", "", ";",
    })
    void where_a_literal_could_matter_the_text_is_its_own_shape(String sql) {
        assertThat(shapeOf(sql, Dialect.USUAL)).isEqualTo(sql);
        assertThat(shape.isShared()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1e5", "select 0x1f", "select 1_000", "select 1.", "select .5", "select 1.5.6", "select 1into", "select 1e+5.5", "select $1"})
    void odd_numbers_stay(String sql) {
        assertThat(shapeOf(sql, Dialect.USUAL)).isEqualTo(sql);
    }

    @Test
    void a_backslash_in_a_string_matters_without_standard_conforming_strings() {
        assertThat(shapeOf("select 'a\\'", Dialect.USUAL)).isEqualTo("select ''");
        assertThat(shapeOf("select 'a\\'", new Dialect(false, Characters.UTF8))).isEqualTo("select 'a\\'");
    }

    @Test
    void random_pieces_have_the_class_of_their_shape() {
        int shared = 0;
        for (int i = 0; i < 300_000; i++) {
            StringBuilder sql = new StringBuilder(random.nextInt(4) == 0 ? "insert into t select " : "select ");
            for (int piece = random.nextInt(10); piece >= 0; piece--) sql.append(PIECES.get(random.nextInt(PIECES.size()))).append(random.nextInt(3) == 0 ? " " : "");
            shared += agrees(sql.toString(), DIALECTS.get(random.nextInt(4))) ? 1 : 0;
        }
        assertThat(shared).as("texts with a shape, seed %s", seed).isGreaterThan(50_000);
    }

    @Test
    void texts_that_differ_in_plain_literals_alone_have_one_shape() {
        for (int i = 0; i < 10_000; i++) {
            String query = TEMPLATES.get(random.nextInt(TEMPLATES.size()));
            String one = shapeOf(filled(query, PLAIN), Dialect.USUAL);
            assertThat(shape.isShared()).isTrue();
            String other = filled(query, PLAIN);
            assertThat(shapeOf(other, Dialect.USUAL)).as("seed %s: %s", seed, other).isEqualTo(one);
        }
    }

    @Test
    void whatever_the_literals_are_the_class_is_that_of_the_shape() {
        for (int i = 0; i < 50_000; i++) agrees(filled(TEMPLATES.get(random.nextInt(TEMPLATES.size())).replace('?', '#'), LITERALS), DIALECTS.get(random.nextInt(4)));
    }

    @Test
    void postgresqls_own_tests_have_the_class_of_their_shape() throws Exception {
        int shared = 0;
        int texts = 0;
        for (String sql : corpus()) {
            for (Dialect dialect : DIALECTS) shared += agrees(sql, dialect) ? 1 : 0;
            for (int i = 0; i < 3; i++) agrees(withOtherLiterals(sql), DIALECTS.get(random.nextInt(4)));
            texts++;
        }
        assertThat(texts).isGreaterThan(20_000);
        assertThat(shared).as("texts with a shape, of %s in four dialects", texts).isGreaterThan(texts);
    }

    /// @return whether the text has a shape that is not itself
    private boolean agrees(String sql, Dialect dialect) {
        String shapeText = shapeOf(sql, dialect);
        StatementClass ofShape = Classifier.classify(shapeText, dialect, CATALOGUE);
        // What the scan does not find in the text, as a word that a number runs into, is not looked for in the shape either.
        if (ofShape.isPlain() && !StatementScan.isPlain(sql)) assertThat(effects(sql, dialect)).as("-Dpgkeel.seed=%s, %s: %s", seed, dialect, sql).isEmpty();
        if (!shape.isShared()) {
            assertThat(shapeText).isEqualTo(sql);
            return false;
        }
        assertThat(everything(ofShape)).as("-Dpgkeel.seed=%s, %s: %s", seed, dialect, sql)
                .isEqualTo(everything(Classifier.classify(sql, dialect, CATALOGUE)));
        return true;
    }

    private static List<Effect> effects(String sql, Dialect dialect) {
        return Statements.parse(sql, dialect).stream().flatMap(statement -> statement.effects().stream()).toList();
    }

    private static List<Object> everything(StatementClass found) {
        return List.of(found.access(), found.why(), found.kinds(), found.modes(), found.relations(), found.functions(), found.hint());
    }

    /// `?` becomes a number or string, `#` anything.
    private String filled(String template, List<String> literals) {
        StringBuilder sql = new StringBuilder();
        for (char c : template.toCharArray()) {
            if (c == '?' || c == '#') sql.append(literals.get(random.nextInt(literals.size())));
            else sql.append(c);
        }
        return sql.toString();
    }

    /// Some of its numbers and strings, as a naive reader would take them, replaced.
    private String withOtherLiterals(String sql) {
        return LITERAL.matcher(sql).replaceAll(found -> Matcher.quoteReplacement(random.nextBoolean() ? found.group() : LITERALS.get(random.nextInt(LITERALS.size()))));
    }

    /// The statements of PostgreSQL's regression tests, cut roughly: where a cut is wrong the text is odd, which is welcome.
    private static List<String> corpus() throws IOException, InterruptedException {
        List<String> texts = new ArrayList<>();
        try (Stream<Path> files = Files.list(RegressionCorpus.folder().resolve("sql"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".sql")).toList()) {
                texts.addAll(List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("(?<=;)\\s*\n")));
            }
        }
        return texts;
    }
}
