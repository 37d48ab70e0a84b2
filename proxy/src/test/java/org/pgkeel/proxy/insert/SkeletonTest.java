package org.pgkeel.proxy.insert;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.statement.Dialect;

/// Texts of one skeleton are one INSERT with other literals.
class SkeletonTest {
    private final InsertTemplates templates = new InsertTemplates();

    private Optional<InsertShape> find(String sql) {
        byte[] bytes = sql.getBytes(UTF_8);
        return Optional.ofNullable(templates.find(Unpooled.wrappedBuffer(bytes), 0, bytes.length));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "insert into t (a) values (1) returning id", "insert into t values (1, 'x')", "insert into t (a, b) values (1, 'x'), (2, 'y'), (3, null);",
        "/* a */ insert into t (a) values (1) -- behind", "insert into t (a) values (now(), current_timestamp, lower('X') || 'y') on conflict (a) do nothing returning *, (xmax = 0) as fresh",
        "insert into t (a, b) values ('1'::int4, cast('x' as varchar(3)))", "insert into t (a) values (date '2020-01-01')", "insert into t (a) values (default)", "insert into t (a) values (-1.5e3, true, E'a\\'b')",
        "insert into t (a) values (array['a', 'b']::text[])", "insert into t (a) values (('1'::int4), (null), ('x'))",
        "insert into t (\"a\") values (1.5 + 2) on conflict (\"a\") do nothing returning \"a\", t.\"a\", t.a, now ( )", "insert into t (a, b) values (E'a', 'b'), ('c', E'\\\\')",
        "insert into \"user\" (\"order\", \"like\") values (1, 'x')", "insert into s.user (a) values (1)",
        "insert into tä (a) values (1, 2.5)", "insert into public.\"Zählung\" (\"größe\", Ärger) values (1, 'ä')", "insert into \"Zählung\" values (1)"})
    void what_means_the_same_in_company_is_found(String sql) {
        assertThat(find(sql)).as(sql).isPresent();
    }

    /// The length is a literal, too, which other texts of the skeleton have otherwise.
    @Test
    void a_cast_with_a_modifier_is_no_plain_value() {
        for (String sql : List.of("insert into t (a) values ('x'::varchar(8))", "insert into t (a) values ('x'::varchar(4))", "insert into t (a) values (numeric(6,2) '1.5')")) {
            assertThat(find(sql)).as(sql).hasValueSatisfying(shape -> assertThat(shape.isPlain()).isFalse());
        }
        assertThat(find("insert into t (a) values ('x'::varchar)")).hasValueSatisfying(shape -> assertThat(shape.isPlain()).isTrue());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "insert into t (a) values ($1)", "insert into t (a) values ($q$x$q$)", "insert into t (a) values (f(1))", "insert into t (a) values (nextval('s'))", "insert into t (a) values (1) returning txid_current()",
        "insert into t (a) values ((select 1))", "insert into t (a) values (1); select 1", "insert into t (a) values (1) on conflict (a) do update set a = 1", "insert into t select 1",
        "insert into t default values", "insert into t (a) overriding system value values (1)", "insert into t (a) values (1", "insert into t (a) values ('x)", "insert into t (a) values (1) /* open",
        "insert into t (a) values (U&'x')", "insert into t (a) values (N'x')", "insert into t (a) values (x'1F')", "insert into t (a) values (0x1F)", "insert into t (a) values (1_000)", "insert into t (a) values (1e)",
        "insert into t (a) values (1) returning b @@ c", "insert into t (a) values (ä)", "insert into t (a) values (1) returning ä", "insert into t (a) values ('a\0b', 2.5)", "insert into t (a) values (E'a\\\0', 2.5)", "with x as (select 1) insert into t (a) values (1)",
        "insert into order (a) values (1)", "insert into t (a, user) values (1, 2)", "insert into t (\"a\", LIKE) values (1, 'x')", "insert into user.t values (1)",
        "select 1", "", "i", "insert into t (a) values (pg_sleep(1))", "insert into t (a) values (1) returning f ('x')",
        "insert into t (a) values (\"set_config\"('app.tenant', 'mine', false))", "insert into t (a) values (1) returning pg_catalog.\"pg_advisory_lock\" (1)", "insert into t (a) values (app.now())",
        "insert into t (a) values (1 + app . lower ('x'))", "insert into t (a, b) values (E'a'\n'b\\', '||pg_advisory_lock(1)||' -- '\n)", "insert into t (a) values (E'a' /* b */ 'c')"})
    void what_is_anything_else_is_not(String sql) {
        assertThat(find(sql)).as(sql).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "insert into t (a) values ('x') returning id | insert into t (a) values ('it''s -- /* longer') returning id",
        "insert into t (a) values (1.5) | insert into t (a) values (-22e3)",
        "insert into t (a, b) values (null, 'x'::text) | insert into t (a, b) values ('y', NULL::text)",
        "insert into t (a, b) values (true, 1), (false, -2) | insert into t (a, b) values (false, 3), (true, 44)",
        "insert into t (a) values (1) returning id /* trace 1 */ | insert into t (a) values (2) returning id /* another trace */"})
    void literals_and_comments_make_no_difference(String one, String other) {
        assertThat(find(one)).isPresent();
        assertThat(find(other)).containsSame(find(one).orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "insert into t (a) values (1) returning id | insert into t (a) values (1) returning other",
        "insert into t (a) values (1), (2) | insert into t (a) values (1), (2), (3)",
        "insert into t (a) values (1.5) | insert into t (a) values (E'x')",
        "insert into t (a) values (1::int2) | insert into t (a) values (-1 ::int2)",
        "insert into \"a  b\" values (1) | insert into \"a b\" values (1)"})
    void everything_else_does(String one, String other) {
        assertThat(find(other).orElseThrow()).isNotSameAs(find(one).orElseThrow());
    }

    @Test
    void a_value_in_many_parentheses_is_no_plain_one() {
        for (String open : List.of("(", "cast(", "( cast ((")) {
            String sql = "insert into t (a) values (" + open.repeat(200_000) + "1" + ")".repeat(200_000 * (int) open.chars().filter(c -> c == '(').count()) + ")";
            assertThat(InsertShape.parse(sql, Dialect.USUAL)).hasValueSatisfying(shape -> assertThat(shape.isPlain()).isFalse());
        }
        assertThat(InsertShape.parse("insert into t (a) values (((1)))", Dialect.USUAL)).hasValueSatisfying(shape -> assertThat(shape.isPlain()).isTrue());
    }

    @Test
    void rows_are_counted() {
        assertThat(find("insert into t (a) values (1), (2), (3) returning a").orElseThrow().rows()).isEqualTo(3);
    }

    /// What is found for a text is what reading that very text says, whatever was found before.
    @Test
    void what_is_found_again_is_what_would_have_been_read() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String[] pieces = {"'a'", "'it''s'", "E'x\\'y'", "e'\\\\'", "null", "NULL", "true", "FALSE", "1", "-2", "3.5", "-.5", "4e-2", "default", "(", ")", ",", ", ", " ", "::int4", "::text", "cast(", " as text)", "now()", "f(", "a", "\"q\"\"x\"",
            "-- c\n", "/* c /* d */ e */", "'", "\"", "returning ", "on conflict do nothing", "+", "-", "*", ";", "$1", "\n'b'", "timestamp '2020-01-01'", "array[", "]", "e", "x'", ".", "1a", "values (", "), (", "ä", "\"ä\"", "nullä"};
        int found = 0;
        for (int i = 0; i < 200_000; i++) {
            var sql = new StringBuilder("insert into t (a, b) values (");
            boolean wild = random.nextInt(3) == 0;
            for (int n = random.nextInt(6); n >= 0; n--) {
                sql.append(pieces[random.nextInt(wild ? pieces.length : 19)]);
                if (!wild && n > 0) sql.append(random.nextInt(4) == 0 ? "), (" : ", ");
            }
            sql.append(random.nextBoolean() ? ")" : ") returning b");
            Optional<InsertShape> read = InsertShape.parse(new String(sql.toString().getBytes(UTF_8), ISO_8859_1), Dialect.USUAL);
            Optional<InsertShape> known = find(sql.toString());
            if (known.isEmpty()) continue;
            found++;
            assertThat(read).as(sql.toString()).isPresent();
            InsertShape same = known.get();
            assertThat(List.of(same.schema(), same.table(), same.columns(), same.rows())).as(sql.toString()).isEqualTo(List.of(read.get().schema(), read.get().table(), read.get().columns(), read.get().rows()));
        }
        assertThat(found).isGreaterThan(20_000);
    }
}
