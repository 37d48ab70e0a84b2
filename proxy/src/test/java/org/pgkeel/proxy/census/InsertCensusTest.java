package org.pgkeel.proxy.census;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.statement.Dialect;

class InsertCensusTest {
    private static final long SECOND = 1_000_000_000L;

    private final LoopStats stats = new LoopStats();
    private final InsertCensus census = new InsertCensus(42, 0, stats);

    private void send(String text) {
        if (census.isDue()) census.query("app", "alice", text, Dialect.USUAL, null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "insert into events (a, b) values ($1, 'x')                                 | \"events\"          | PLAIN",
        "INSERT INTO public.\"Events\" VALUES (1, null);                            | \"public\".\"Events\" | PLAIN",
        "insert into events (a) values ($1) returning id                            | \"events\"          | RETURNING",
        "insert into events (a) values (lower($1)) returning id                     | \"events\"          | RETURNING",
        "insert into events (a) values ($1) on conflict do nothing                  | \"events\"          | ON_CONFLICT",
        "insert into events (a) values ($1) on conflict (a) do update set n = 1     | \"events\"          | ON_CONFLICT_UPDATE",
        "insert into events (a, t) values ($1, now())                               | \"events\"          | EXPRESSION",
        "insert into events (a) values (f($1))                                      | \"events\"          | CALLS",
        "insert into events (a) values (nextval('s')) returning a                   | \"events\"          | CALLS",
        "insert into events (a) values ('),(')                                      | \"events\"          | PLAIN",
        "insert into events (a) select b from c                                     | \"events\"          | QUERY",
        "insert into events default values                                          | \"events\"          | OTHER_FORM",
        "insert into events (a) overriding system value values (1)                  | \"events\"          | OTHER_FORM",
        "insert into events (a) values (1); insert into events (a) values (2)       | \"events\"          | WITH_OTHERS",
        "/* comes first */ insert into events (a) values (1)                        | \"events\"          | PLAIN"})
    void the_text_says_how_its_row_could_share_a_commit(String text, String table, InsertHabit habit) {
        send(text);

        assertThat(census.snapshots(SECOND)).singleElement().satisfies(tally -> {
            assertThat(tally.table()).isEqualTo(table);
            assertThat(tally.rows()).isEqualTo(Map.of(habit, 1L));
        });
        assertThat(stats.snapshot().insertedRows()).isEqualTo(Map.of(habit.word(), 1L));
    }

    @Test
    void each_row_of_an_insert_of_several_counts() {
        send("insert into events (a) values (1), (2), (default)");

        assertThat(census.snapshots(SECOND).getFirst().rows()).isEqualTo(Map.of(InsertHabit.MANY_ROWS, 3L));
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "update events set a = 1", "insert", "insert into", "", "inserted", "with x as (select 1) insert into events select * from x"})
    void what_does_not_begin_as_an_insert_is_not_counted(String text) {
        send(text);

        assertThat(census.snapshots(SECOND)).isEmpty();
    }

    @Test
    void counts_are_exact_while_few_statements_pass() {
        for (int second = 0; second < 50; second++) {
            for (int i = 0; i < 300; i++) send("insert into events (a) values (1)");
            for (int i = 0; i < 100; i++) send("select 1");
            census.tick((second + 1) * SECOND);
        }

        assertThat(census.snapshots(50 * SECOND).getFirst().rows()).isEqualTo(Map.of(InsertHabit.PLAIN, 15_000L));
    }

    /// Two tables that take turns, as a client's rhythm would have it: a constant distance would see one of them alone.
    @Test
    void a_flood_is_estimated_from_few_looks_whatever_its_rhythm() {
        int looks = 0;
        for (int second = 0; second < 60; second++) {
            for (int i = 0; i < 40_000; i++) {
                if (!census.isDue()) continue;
                looks++;
                census.query("app", "alice", i % 16 == 0 ? "insert into seldom (a) values (1)" : "insert into often (a) values (1)", Dialect.USUAL, null);
            }
            census.tick((second + 1) * SECOND);
        }

        List<InsertTally> tallies = InsertTally.merge(census.snapshots(60 * SECOND));
        assertThat(tallies).extracting(InsertTally::table).containsExactly("\"often\"", "\"seldom\"");
        assertThat(tallies.get(0).rate()).isCloseTo(37_500, within(1_500.0));
        assertThat(tallies.get(1).rate()).isCloseTo(2_500, within(300.0));
        assertThat(looks).isLessThan(60 * 2 * Sampler.LOOKS_PER_SECOND + 10 * Sampler.LOOKS_PER_SECOND);
    }

    @Test
    void tables_that_are_not_written_to_any_more_are_forgotten_after_the_window() {
        send("insert into events (a) values (1)");
        census.tick(59 * SECOND);
        assertThat(census.snapshots(59 * SECOND)).hasSize(1);
        census.tick(70 * SECOND);

        assertThat(census.snapshots(70 * SECOND)).isEmpty();
    }

    @Test
    void the_rows_of_more_tables_than_there_is_room_for_are_counted_together() {
        for (int i = 0; i < 1_000; i++) {
            for (int database = 0; database < 20; database++) census.query("db" + database, "alice", "insert into t" + i + " (a) values (1)", Dialect.USUAL, null);
        }

        List<InsertTally> all = census.snapshots(SECOND);
        assertThat(all.size()).isBetween(InsertCensus.TABLES_MAX, InsertCensus.TABLES_MAX + 20);
        assertThat(all.stream().filter(tally -> tally.database().equals("db0")).count()).isLessThanOrEqualTo(InsertCensus.POOL_TABLES_MAX + 1);
        assertThat(all.stream().filter(tally -> tally.table().equals(InsertTally.OTHERS)).mapToLong(tally -> tally.rows().get(InsertHabit.PLAIN)).sum()).isGreaterThan(10_000);
    }

    @Test
    void what_stands_around_a_statement_outweighs_what_its_text_allows() {
        census.query("app", "alice", "insert into events (a) values (1)", Dialect.USUAL, InsertHabit.PINNED);
        census.query("app", "alice", "insert into events (a) values (f())", Dialect.USUAL, InsertHabit.PINNED);
        census.query("app", "alice", "insert into events (a) values (f())", Dialect.USUAL, InsertHabit.IN_TRANSACTION);

        assertThat(census.snapshots(SECOND).getFirst().rows()).isEqualTo(Map.of(InsertHabit.PINNED, 1L, InsertHabit.CALLS, 1L, InsertHabit.IN_TRANSACTION, 1L));
    }
}
