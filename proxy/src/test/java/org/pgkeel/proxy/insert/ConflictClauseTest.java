package org.pgkeel.proxy.insert;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.statement.Dialect;

class ConflictClauseTest {
    private static final ConflictClause CLAUSE = new ConflictClause("i\"d");

    private static Optional<String> with(String sql) {
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        ByteBuf out = Unpooled.buffer();
        boolean written = CLAUSE.write(Unpooled.wrappedBuffer(text), 0, text.length, out);
        assertThat(written || !out.isReadable()).isTrue();
        byte[] body = (sql + "\0\0\1\0\0\0\27").getBytes(StandardCharsets.UTF_8);
        Optional<String> parse = CLAUSE.into(body).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
        assertThat(parse.isPresent()).isEqualTo(written);
        parse.ifPresent(all -> assertThat(all).isEqualTo(out.toString(StandardCharsets.UTF_8) + "\0\0\1\0\0\0\27"));
        return written ? Optional.of(out.toString(StandardCharsets.UTF_8)) : Optional.empty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            insert into t values ($1)                       | insert into t values ($1) on conflict ("i""d") do nothing
            insert into t (a) values ('ä)') ;               | insert into t (a) values ('ä)') on conflict ("i""d") do nothing  ;
            INSERT INTO t VALUES ($1, now()) RETURNING id   | INSERT INTO t VALUES ($1, now()) on conflict ("i""d") do nothing  RETURNING id
            insert into t values (1) -- on conflict         | insert into t values (1) on conflict ("i""d") do nothing  -- on conflict
            insert into t values (1) /* ) */ returning *    | insert into t values (1) on conflict ("i""d") do nothing  /* ) */ returning *
            insert into t (a) values (1), (2) returning a   | insert into t (a) values (1), (2) on conflict ("i""d") do nothing  returning a
            insert into t (a) values (1 , '),(') , ('', 3);  | insert into t (a) values (1 , '),(') , ('', 3) on conflict ("i""d") do nothing ;
            """)
    void the_clause_stands_behind_the_row(String sql, String expected) {
        assertThat(with(sql).map(String::strip)).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"insert into t values (1) on conflict do nothing", "insert into t values (1) /* x */ ON CONFLICT (a) do update set a = 1 returning a",
            "insert into t values (1), (2) on conflict do nothing", "insert into t select 1", "insert into t default values", "select 1", "insert into t values (1", ""})
    void an_insert_that_has_one_or_is_not_understood_stays_as_it_is(String sql) {
        assertThat(with(sql)).isEmpty();
    }

    @Test
    void it_concerns_inserts_that_give_the_column() {
        var table = new TargetTable(1, "public", "t", "public.t", true, false, true, false, false, true, "", List.of(new TargetTable.Column("a", 23, 23, false, false),
                new TargetTable.Column("i\"d", 23, 23, false, false)), Arbiters.NONE, Optional.empty());
        assertThat(CLAUSE.concerns(shape("insert into t values (1, 2)"), table)).isTrue();
        assertThat(CLAUSE.concerns(shape("insert into t values (1)"), table)).isFalse();
        assertThat(CLAUSE.concerns(shape("insert into t (a) values (1)"), table)).isFalse();
        assertThat(CLAUSE.concerns(shape("insert into t (\"i\"\"d\") values (1)"), table)).isTrue();
    }

    private static InsertShape shape(String sql) {
        return InsertShape.parse(sql, Dialect.USUAL).orElseThrow();
    }

    @Test
    void what_is_in_the_way_is_read_from_the_answer() {
        Arbiters free = Arbiters.parse(" 6964: 62:partial_index");
        assertThat(free.obstacle("id")).isEmpty();
        assertThat(free.obstacle("b")).contains("partial_index");
        assertThat(free.obstacle("c")).contains("no_unique_index");
        assertThat(Arbiters.parse("rules 6964:").obstacle("id")).contains("rules");
        assertThat(Arbiters.parse("").obstacle("id")).contains("no_unique_index");
    }
}
