package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.InsertWay;

class TableStatsTest {
    private final TableStats stats = new TableStats();

    private static long minutes(int count) {
        return 1 + count * (TableStats.IDLE_NANOS / 5);
    }

    private void row(int table) {
        stats.of("t" + table).rows(InsertWay.QUIET, 1);
    }

    @Test
    void few_tables_are_kept_however_long_no_row_came() {
        for (int table = 0; table < TableStats.TABLES_MAX; table++) row(table);
        for (int minute = 0; minute < 100; minute++) assertThat(stats.idle(minutes(minute))).isEmpty();
    }

    @Test
    void of_too_many_those_are_idle_that_no_row_came_to() {
        for (int table = 0; table <= TableStats.TABLES_MAX; table++) row(table);
        assertThat(stats.idle(minutes(0))).isEmpty();
        row(7);
        assertThat(stats.idle(minutes(4))).isEmpty();
        var idle = stats.idle(minutes(5));
        assertThat(idle).hasSize(TableStats.TABLES_MAX).doesNotContain(stats.of("t7"));
        stats.forget(idle);
        assertThat(stats.all()).containsExactly(stats.of("t7"));
    }

    @Test
    void a_table_that_rows_come_to_is_never_idle() {
        for (int minute = 0; minute < 100; minute += 5) {
            for (int table = 0; table <= TableStats.TABLES_MAX; table++) row(table);
            assertThat(stats.idle(minutes(minute))).isEmpty();
        }
    }
}
