package org.pgkeel.bench.equivalence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.WorkFolder;

class WaysTest {
    @Test
    void rows_that_came_by_copy_are_told_from_others() throws Exception {
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            PostgresServer postgres = cleanup.add(PostgresServer.start(work, new PostgresServer.Options(0, 50, PostgresServer.Durability.NONE, Optional.empty(), Ways.SETTINGS)));
            Equivalence.prepare(postgres);
            Ways.prepare(postgres);
            for (String database : List.of(Equivalence.DIRECT_DATABASE, Equivalence.THROUGH_DATABASE)) postgres.sql(database, "insert into base values (1, 'a')");
            assertThat(Ways.of(postgres).rowsByCopy()).isZero();
            postgres.sql(Equivalence.THROUGH_DATABASE, "begin; insert into base values (2, 'in a batch that fails'); rollback");
            assertThat(Ways.of(postgres).rowsByCopy()).as("never less than none").isZero();
            postgres.sql(Equivalence.DIRECT_DATABASE, "insert into base values (2, 'b'), (3, 'c'), (4, 'd')");
            postgres.sql(Equivalence.THROUGH_DATABASE, "copy base (uid) from program 'echo 2; echo 3'; select 1 / (case when 1 = 1 then 1 else 0 end)");
            Ways ways = Ways.of(postgres);
            assertThat(ways.rowsByCopy()).isEqualTo(2);
            assertThat(ways.copies()).isEqualTo(1);
        }
    }
}
