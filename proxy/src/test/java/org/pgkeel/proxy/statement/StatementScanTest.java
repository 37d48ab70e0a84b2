package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementScanTest {
    private static final int CLOSER = StatementScan.LOOK_CLOSER;
    private static final int CONTROL = StatementScan.TRANSACTION_CONTROL;

    private static int scan(String sql) {
        ByteBuf buf = Unpooled.copiedBuffer("set " + sql + " set", StandardCharsets.UTF_8);
        try {
            return StatementScan.scan(buf, 4, buf.writerIndex() - 4);
        } finally {
            buf.release();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ";", "select 1", "SELECT abalance FROM pgbench_accounts WHERE aid = 1;",
        "UPDATE pgbench_tellers SET tbalance = tbalance + -3 WHERE tid = 7; ", "insert into t (temp) values (1)",
        "insert into t select * from u where hold", "select temp, hold, load, release from t", "select now()",
        "select pg_advisory_xact_lock(1)", "select set_configuration(1), xset_config", "select épset, setß from t",
        "select pg_temperature, temporarily from t", "notify c", "(select 1)", "values (1, 'it''s')",
        "with x as (select to_date from t) select prepared, chain from x", "select a || b from t", "select u from t",
        "fetch all from c", "vacuum", "select case when a then b end from t"})
    void statements_of_no_interest_are_plain(String sql) {
        assertThat(scan(sql)).isEqualTo(StatementScan.PLAIN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BEGIN", "begin;", "Start Transaction Isolation Level Serializable", "COMMIT", " end ", "abort",
        "ROLLBACK WORK", "commit and no x"})
    void plain_transaction_control_needs_no_closer_look(String sql) {
        assertThat(scan(sql)).isEqualTo(CONTROL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback to a", "commit prepared 'x'", "commit and chain"})
    void other_transaction_control_needs_one(String sql) {
        assertThat(scan(sql)).isEqualTo(CONTROL | CLOSER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Set x = 1", "\t\nsEt x = 1", "/* */ select 1", "-- x\nset y = 1", "savepoint a", "do 'x'",
        "select SET_CONFIG('a', 'b', true)", "select $$x$$||set_config('a', 'b', true)", "select \"set_config\"('a', 'b', false)",
        "select 1 from a where u&\"x\" = 1", "select 1 into temp t", "declare c cursor with hold for select 1",
        "explain analyze execute x", "select pg_temp.f()", "select x,pg_advisory_lock(1)", "listen a", "deallocate all"})
    void what_makes_session_state_is_looked_at_closer(String sql) {
        assertThat(scan(sql) & CLOSER).isEqualTo(CLOSER);
    }

    @Test void several_statements_are_told() {
        assertThat(scan("begin; select 1; commit")).isEqualTo(CONTROL | StatementScan.MULTI);
        assertThat(scan("select 1; set x = 1")).isEqualTo(CLOSER | StatementScan.MULTI);
        assertThat(scan("select 1; -- set")).isEqualTo(CLOSER | StatementScan.MULTI);
        assertThat(scan("select 1; (select 2)")).isEqualTo(StatementScan.MULTI);
        assertThat(scan("insert into a (temp) values (1); select 1 into temp x")).isEqualTo(CLOSER | StatementScan.MULTI);
    }

    @Test void ddl_is_told() {
        assertThat(scan("create table t (a int)")).isEqualTo(StatementScan.DDL);
        assertThat(scan("CREATE TEMPORARY TABLE t (a int)")).isEqualTo(StatementScan.DDL | CLOSER);
    }

    @Test void literals_that_mean_the_time_of_parsing_are_told() {
        assertThat(scan("select 'now'::timestamp")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select date ' Tomorrow '")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select timestamp $$today$$")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select e'yesterday 12:00'::timestamp")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select timestamp '12:00 today'")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select '12:00 PM tomorrow'::timestamp")).isEqualTo(StatementScan.VOLATILE_LITERAL);
        assertThat(scan("select '00:00\ttoday UTC'::timestamptz")).isEqualTo(StatementScan.VOLATILE_LITERAL);
    }

    @Test void names_that_are_words_for_a_time_are_none() {
        assertThat(scan("insert into t (today, now) values ($1, now())")).isEqualTo(StatementScan.PLAIN);
        assertThat(scan("select t.today, yesterday from t where now > today")).isEqualTo(StatementScan.PLAIN);
    }

    @Test void a_word_is_found_wherever_it_stands_in_the_bytes() {
        for (int before = 0; before < 20; before++) {
            for (int after = 0; after < 20; after++) {
                for (String word : List.of("lastval", "set_config", "execute", "pg_advisory_lock_shared", "pg_temp")) {
                    String sql = "x".repeat(before) + " " + word + " " + "y".repeat(after);
                    assertThat(scan(sql)).as(sql).isEqualTo(CLOSER);
                    assertThat(scan(sql.replace(" " + word, "z" + word))).as(sql).isEqualTo(StatementScan.PLAIN);
                    assertThat(scan(sql.replace(word + " ", word + "z"))).as(sql).isEqualTo(StatementScan.PLAIN);
                }
            }
        }
    }

    @Test void every_byte_either_separates_or_belongs_to_a_word() {
        for (int b = 1; b < 256; b++) {
            ByteBuf buf = Unpooled.buffer().writeBytes("select 1,set_config".getBytes(StandardCharsets.US_ASCII))
                    .writeByte(b).writeBytes("('a', 'b', true)".getBytes(StandardCharsets.US_ASCII));
            boolean word = b >= 0x7f || b == '_' || Character.isLetterOrDigit((char) b);
            assertThat(StatementScan.scan(buf, 0, buf.writerIndex()) & CLOSER).as("byte %d", b).isEqualTo(word ? 0 : CLOSER);
            buf.release();
        }
    }

    @Test void the_scan_is_never_plain_where_the_lexer_finds_an_effect() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("StatementScanTest: -Dpgkeel.seed=" + seed);
        Random random = new Random(seed);
        for (StatementCorpus.Entry entry : StatementCorpus.ENTRIES) {
            verify(entry.sql());
        }
        verify(",insert into t values (1) select 2 into temp u");
        for (int i = 0; i < 50_000; i++) {
            verify(mix(random));
        }
    }

    /// Statements of the corpus, cut, joined and with pieces put in.
    private static String mix(Random random) {
        String[] pieces = {";", " ", "\n", "'", "\"", "$$", "/*", "*/", "--", "(", ")", "set", " create ", "temp ", " into ", "E'",
            "\\", "U&", ",", "é", "hold", "rollback ", "to a"};
        StringBuilder sql = new StringBuilder();
        int parts = 1 + random.nextInt(4);
        for (int part = 0; part < parts; part++) {
            String other = StatementCorpus.ENTRIES.get(random.nextInt(StatementCorpus.ENTRIES.size())).sql();
            int from = random.nextInt(3) == 0 ? random.nextInt(other.length()) : 0;
            int to = random.nextInt(3) == 0 ? from + random.nextInt(other.length() - from + 1) : other.length();
            sql.append(other, from, to).append(pieces[random.nextInt(pieces.length)]);
            sql.insert(random.nextInt(sql.length() + 1), pieces[random.nextInt(pieces.length)]);
        }
        return random.nextBoolean() ? sql.toString() : sql.toString().toUpperCase(java.util.Locale.ROOT);
    }

    private static void verify(String sql) {
        List<Statement> statements = Statements.parse(sql, Dialect.USUAL);
        List<Effect> effects = statements.stream().flatMap(statement -> statement.effects().stream()).toList();
        int flags = scan(sql);
        if (statements.size() > 1) {
            assertThat(flags & StatementScan.MULTI).as(sql).isNotZero();
        }
        for (Effect effect : effects) {
            int expected = switch (effect) {
                case Effect.Begin _ -> CONTROL;
                case Effect.Commit(boolean andChain) when !andChain -> CONTROL;
                case Effect.Rollback(boolean andChain) when !andChain -> CONTROL;
                case Effect.Ddl _, Effect.VacateDatabase _ -> StatementScan.DDL;
                default -> CLOSER;
            };
            assertThat(flags & (expected | CLOSER)).as("%s of %s", effect, sql).isNotZero();
        }
    }
}
