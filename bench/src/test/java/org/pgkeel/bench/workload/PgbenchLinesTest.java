package org.pgkeel.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

class PgbenchLinesTest {
    @Test
    void the_time_of_a_transaction_is_without_its_lag() {
        Operation operation = PgbenchLines.transaction("3 17 5200 0 100 500000 1200 2", 1_000).orElseThrow();
        assertThat(operation.worker()).isEqualTo(3);
        assertThat(operation.outcome()).isEqualTo(Outcome.Acknowledged.saw(2));
        assertThat(operation.finishedAt()).isEqualTo(100_500_001_000L);
        assertThat(operation.waitedNanos()).isEqualTo(4_000_000);
    }

    @Test
    void a_word_in_place_of_the_time_is_a_failure() {
        assertThat(PgbenchLines.transaction("3 17 serialization 0 100 500000 1200 9", 0).orElseThrow().outcome()).isEqualTo(new Outcome.Failed("40001"));
    }

    @Test
    void a_client_that_gave_up_has_lost_its_connection() {
        assertThat(PgbenchLines.abort("pgbench: error: client 2 aborted in command 4 (SQL) of script 0; perhaps the backend died while processing", 5).orElseThrow().outcome())
                .isInstanceOf(Outcome.Closed.class);
        assertThat(PgbenchLines.abort("pgbench: error: client 2 script 0 aborted in command 9 query 0: ERROR:  failover: it is not known whether the transaction was committed", 5).orElseThrow().outcome())
                .isInstanceOf(Outcome.Unknown.class);
        assertThat(PgbenchLines.abort("pgbench: error: client 2 script 0 aborted in command 9 query 0: ERROR:  could not extend file \"base/5/16391\": No space left on device", 5).orElseThrow().outcome())
                .isEqualTo(new Outcome.Failed("53100"));
        assertThat(PgbenchLines.abort("pgbench (15.20)", 5)).isEmpty();
    }
}
