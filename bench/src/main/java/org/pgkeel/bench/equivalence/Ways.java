package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.pgkeel.bench.cluster.PostgresServer;

/// How the rows came into the tables, as PostgreSQL itself counted.
///
/// @param rowsByCopy     in PgKeel's database; at least so many
/// @param copies         COPY statements there that got to their end
/// @param directCommits  in the other database
/// @param throughCommits in PgKeel's; fewer where INSERTs shared them
/// @param settingsCommits there, and not among those: of transactions that did nothing but give a connection the settings of its next client
record Ways(long rowsByCopy, long copies, long directCommits, long throughCommits, long settingsCommits) {
    /// What the server needs to count.
    static final List<String> SETTINGS = List.of("shared_preload_libraries = 'pg_stat_statements'", "pg_stat_statements.max = 50000");

    private static final String INSERTS = "\\minsert\\M";
    /// What each COPY ends with that is committed.
    /// PgKeel's own end with one, those of the clients are the same in both databases.
    private static final String COMMITS = "^commit$";
    private static final String GUARDS = "^select \\$\\d+ / \\(case when";

    /// What was done until now does not count.
    static void prepare(PostgresServer postgres) throws IOException {
        postgres.sql("postgres", "create extension pg_stat_statements");
        postgres.sql("postgres", "select pg_stat_statements_reset()");
    }

    /// Rows that INSERTs brought directly and not through PgKeel came by COPY: the cases are the same. COPY itself is not counted: pg_stat_statements forgets
    /// prepared utility statements after their first execution. Rows of a batch that failed are counted each time they were sent, so where many failed nothing
    /// is left of the difference.
    static Ways of(PostgresServer postgres) throws IOException {
        long rowsByCopy = sum(postgres, "rows", Equivalence.DIRECT_DATABASE, INSERTS) - sum(postgres, "rows", Equivalence.THROUGH_DATABASE, INSERTS);
        long settingsCommits = sum(postgres, "calls", Equivalence.THROUGH_DATABASE, COMMITS) - sum(postgres, "calls", Equivalence.DIRECT_DATABASE, COMMITS);
        return new Ways(Math.max(0, rowsByCopy), sum(postgres, "calls", Equivalence.THROUGH_DATABASE, GUARDS), commits(postgres, Equivalence.DIRECT_DATABASE),
                commits(postgres, Equivalence.THROUGH_DATABASE) - settingsCommits, settingsCommits);
    }

    private static long sum(PostgresServer postgres, String what, String database, String query) throws IOException {
        return Long.parseLong(postgres.sql("postgres", "select coalesce(sum(s.%s), 0)::bigint from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = '%s' and s.query ~* '%s'"
                .formatted(what, database, query)));
    }

    private static long commits(PostgresServer postgres, String database) throws IOException {
        return Long.parseLong(postgres.sql("postgres", "select xact_commit from pg_stat_database where datname = '" + database + "'"));
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "at least %,d rows came by COPY, in %,d of them; commits: %,d direct, %,d through PgKeel, and %,d that only set what the next client of a connection had set",
                rowsByCopy, copies, directCommits, throughCommits, settingsCommits);
    }
}
