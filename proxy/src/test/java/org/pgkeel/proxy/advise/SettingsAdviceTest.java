package org.pgkeel.proxy.advise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsAdviceTest {
    /// Nothing to change.
    private static final Map<String, String> GOOD = Map.of("wal_compression", "lz4", "synchronous_commit", "on", "synchronous_standby_names", "", "fsync", "on", "full_page_writes", "on",
            "max_wal_size", "8192", "checkpoint_timeout", "900", "checkpoint_completion_target", "0.9", "autovacuum", "on", "default_transaction_isolation", "read committed");

    private static List<Advice> advice(String name, String value, long timed, long requested) {
        var settings = new HashMap<>(GOOD);
        settings.put(name, value);
        return SettingsAdvice.of(settings, "{pglz,lz4,zstd,on,off}", timed, requested);
    }

    @Test
    void a_good_server_is_told_the_price_of_its_commits_and_nothing_to_change() {
        assertThat(SettingsAdvice.of(GOOD, "", 100, 0)).singleElement().satisfies(one -> {
            assertThat(one.weight()).isEqualTo(Advice.Weight.KEEP);
            assertThat(one.subject()).isEqualTo("synchronous_commit");
            assertThat(one.change()).isEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "wal_compression              | off  | CHANGE | alter system set wal_compression = 'lz4'",
        "checkpoint_timeout           | 300  | CHANGE | alter system set checkpoint_timeout = '15min'",
        "checkpoint_completion_target | 0.5  | CHANGE | alter system set checkpoint_completion_target = 0.9",
        "autovacuum                   | off  | DANGER | alter system set autovacuum = on",
        "fsync                        | off  | DANGER | alter system set fsync = on",
        "full_page_writes             | off  | DANGER | alter system set full_page_writes = on",
        "synchronous_commit           | off  | DANGER | alter system set synchronous_commit = on"})
    void each_bad_value_is_told_with_what_to_change(String name, String value, Advice.Weight weight, String sql) {
        assertThat(advice(name, value, 100, 0)).filteredOn(one -> one.subject().equals(name)).singleElement().satisfies(one -> {
            assertThat(one.weight()).isEqualTo(weight);
            assertThat(one.change()).startsWith(sql);
            assertThat(one.gain()).isNotEmpty();
            assertThat(one.risk()).isNotEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource({"1024, 100, 50, true", "1024, 100, 4, false", "1024, 1000, 50, false", "8192, 100, 50, false"})
    void more_wal_is_advised_where_checkpoints_come_for_its_amount(String megabytes, long timed, long requested, boolean advised) {
        assertThat(advice("max_wal_size", megabytes, timed, requested).stream().anyMatch(one -> one.subject().equals("max_wal_size"))).isEqualTo(advised);
    }

    @Test
    void a_synchronous_replica_is_named_as_what_commits_wait_for() {
        assertThat(advice("synchronous_standby_names", "n2", 100, 0).getFirst().found()).contains("each commit waits for a replica (n2)");
    }

    @Test
    void another_isolation_is_told_as_a_reason_not_to_share_commits() {
        assertThat(advice("default_transaction_isolation", "serializable", 100, 0)).anySatisfy(one -> assertThat(one.found()).contains("do not share commits"));
    }
}
