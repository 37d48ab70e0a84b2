package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.pgkeel.bench.cluster.PostgresServer;

/// How the rows came into the tables, as PostgreSQL itself counted.
///
/// @param rowsByCopy     in PgKeel's database
/// @param copies         COPY statements there
/// @param directCommits  in the other database
/// @param throughCommits in PgKeel's; fewer where INSERTs shared them
record Ways(long rowsByCopy, long copies, long directCommits, long throughCommits) {
    /// What the server needs to count.
    static final List<String> SETTINGS = List.of("shared_preload_libraries = 'pg_stat_statements'", "pg_stat_statements.max = 50000");

    static void prepare(PostgresServer postgres) throws IOException {
        postgres.sql("postgres", "create extension pg_stat_statements");
    }

    static Ways of(PostgresServer postgres) throws IOException {
        String[] copied = postgres.sql("postgres", """
                select coalesce(sum(s.rows), 0), coalesce(sum(s.calls), 0) from pg_stat_statements s join pg_database d on d.oid = s.dbid
                where d.datname = '%s' and s.query ~* '^\\s*copy\\s'""".formatted(Equivalence.THROUGH_DATABASE)).split("\\|");
        return new Ways(Long.parseLong(copied[0]), Long.parseLong(copied[1]), commits(postgres, Equivalence.DIRECT_DATABASE), commits(postgres, Equivalence.THROUGH_DATABASE));
    }

    private static long commits(PostgresServer postgres, String database) throws IOException {
        return Long.parseLong(postgres.sql("postgres", "select xact_commit from pg_stat_database where datname = '" + database + "'"));
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,d rows came by COPY, in %,d of them; commits: %,d direct, %,d through PgKeel", rowsByCopy, copies, directCommits, throughCommits);
    }
}
