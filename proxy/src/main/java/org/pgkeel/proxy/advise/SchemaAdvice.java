package org.pgkeel.proxy.advise;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Habits of a schema that cost those who insert much: vacuum that comes late, indexes that nobody reads, one heap for all times.
public final class SchemaAdvice {
    /// From what size on something is worth to be said.
    ///
    /// @param vacuumRows  rows that autovacuum waits for
    /// @param indexBytes  of an index
    /// @param brinBytes   of a table whose index could be a BRIN
    /// @param partitionBytes of a table with its indexes
    /// @param insertedRows of a table, since the statistics were reset, that is looked at without a word from the proxy
    public record Sizes(long vacuumRows, long indexBytes, long brinBytes, long partitionBytes, long insertedRows) {
        public static final Sizes USUAL = new Sizes(1_000_000, 8L << 20, 1L << 30, 20L << 30, 100_000);
    }

    private static final int TABLES_MAX = 20;

    private static final String INSERTED = """
            select coalesce((select p.relid::oid from pg_catalog.pg_partition_ancestors(s.relid) p order by p.relid = pg_catalog.pg_partition_root(s.relid) desc limit 1), s.relid::oid)::text oid
            from pg_catalog.pg_stat_user_tables s where s.n_tup_ins >= ? and s.n_tup_ins > 10 * (s.n_tup_upd + s.n_tup_del) order by s.n_tup_ins desc limit 20""";

    private static final String LEAVES = """
            with leaf as (select p.relid::oid relid from pg_catalog.pg_partition_tree(?::bigint::oid::regclass) p where p.isleaf union select c.oid from pg_catalog.pg_class c where c.oid = ?::bigint::oid and c.relkind = 'r')
            """;

    private static final String VACUUM = LEAVES + """
            select c.oid::regclass::text t, greatest(c.reltuples, 0)::bigint rows,
             coalesce((select o.option_value from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'autovacuum_enabled'), 'true') enabled,
             (coalesce((select o.option_value from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'autovacuum_vacuum_insert_scale_factor'), pg_catalog.current_setting('autovacuum_vacuum_insert_scale_factor'))::float8
               * greatest(c.reltuples, 0)
              + coalesce((select o.option_value from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'autovacuum_vacuum_insert_threshold'), pg_catalog.current_setting('autovacuum_vacuum_insert_threshold'))::float8)::bigint waits
            from leaf join pg_catalog.pg_class c on c.oid = leaf.relid order by c.reltuples desc limit 5""";

    private static final String INDEXES = LEAVES + """
            select i.indexrelid::regclass::text i, i.indrelid::regclass::text t, pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(i.indexrelid)) size, s.idx_scan scans, i.indisvalid valid,
             coalesce((select d.stats_reset::text from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()), 'the server was made') since,
             pg_catalog.quote_ident(coalesce(a.attname, '')) col, coalesce(st.null_frac, 0)::float8 nulls, abs(coalesce(st.correlation, 0))::float8 correlation, am.amname am,
             i.indnatts = 1 and i.indkey[0] <> 0 and i.indpred is null single, (a.atttypid in (20, 23, 1082, 1114, 1184)) ordered, pg_catalog.pg_relation_size(i.indrelid) table_bytes
            from leaf join pg_catalog.pg_index i on i.indrelid = leaf.relid join pg_catalog.pg_class x on x.oid = i.indexrelid join pg_catalog.pg_am am on am.oid = x.relam
             join pg_catalog.pg_stat_user_indexes s on s.indexrelid = i.indexrelid
             join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
             left join pg_catalog.pg_stats st on st.schemaname = n.nspname and st.tablename = c.relname and st.attname = a.attname and not st.inherited
            where not i.indisunique and not i.indisexclusion and not i.indisreplident and not exists (select 1 from pg_catalog.pg_inherits h where h.inhrelid = i.indexrelid)
             and (pg_catalog.pg_relation_size(i.indexrelid) >= ? or not i.indisvalid)
            order by pg_catalog.pg_relation_size(i.indexrelid) desc limit 50""";

    private static final String ONE_HEAP = """
            select c.oid::regclass::text t, pg_catalog.quote_ident(c.relname) name, pg_catalog.pg_total_relation_size(c.oid) bytes, pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)) size,
             coalesce((select pg_catalog.quote_ident(a.attname) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid in (1082, 1114, 1184)
               order by a.atthasdef desc, a.attnum limit 1), '') col
            from pg_catalog.pg_class c where c.oid = ?::bigint::oid and c.relkind = 'r' and not c.relispartition""";

    private SchemaAdvice() {}

    /// Tables that were inserted into much and changed little, by the server's own statistics.
    public static Set<Long> insertHeavy(Connection server, Sizes sizes) throws SQLException {
        var oids = new TreeSet<Long>();
        for (Map<String, String> row : Rows.of(server, INSERTED, sizes.insertedRows)) if (oids.size() < TABLES_MAX) oids.add(Long.parseLong(row.get("oid")));
        return oids;
    }

    /// @param oid of a table, ordinary or partitioned
    public static List<Advice> of(Connection server, long oid, Sizes sizes) throws SQLException {
        var all = new ArrayList<Advice>();
        for (Map<String, String> row : Rows.of(server, VACUUM, oid, oid)) vacuum(row, sizes, all);
        for (Map<String, String> row : Rows.of(server, INDEXES, oid, oid, sizes.indexBytes)) index(row, sizes, all);
        for (Map<String, String> row : Rows.of(server, ONE_HEAP, oid)) oneHeap(row, sizes, all);
        return all;
    }

    private static void vacuum(Map<String, String> row, Sizes sizes, List<Advice> all) {
        String table = row.get("t");
        if (row.get("enabled").equals("false") || row.get("enabled").equals("off")) {
            all.add(Advice.change(table, "autovacuum is off for this table", "alter table " + table + " reset (autovacuum_enabled);",
                    "Its pages are frozen, and marked for index-only scans, bit by bit; without it that comes all at once, when transaction ids run out.", "I/O in the background."));
            return;
        }
        if (Long.parseLong(row.get("waits")) < sizes.vacuumRows) return;
        all.add(Advice.change(table, "about " + row.get("rows") + " rows; autovacuum waits for " + row.get("waits") + " inserted rows",
                "alter table " + table + " set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000);",
                "Small vacuums instead of a rare large one: index-only scans work on new rows, and freezing is no burst.", "More frequent vacuums, each of the new pages only."));
    }

    private static void index(Map<String, String> row, Sizes sizes, List<Advice> all) {
        String index = row.get("i");
        String drop = "drop index concurrently " + index + ";";
        if (row.get("valid").equals("f")) {
            all.add(Advice.change(index, "not valid: a CREATE INDEX CONCURRENTLY that failed or is under way, on " + row.get("t"), drop, "INSERTs no longer maintain an index that no query may use.",
                    "Make sure that nobody is building it: pg_stat_progress_create_index."));
            return;
        }
        if (row.get("scans").equals("0")) {
            all.add(Advice.change(index, "unused: no scan on this server since " + row.get("since") + ", " + row.get("size") + " on " + row.get("t"), drop,
                    "Each INSERT writes one index less, and WAL for it.", "Replicas count for themselves: look at pg_stat_user_indexes there first; and at queries that run once a month."));
            return;
        }
        if (!row.get("single").equals("t")) return;
        if (Double.parseDouble(row.get("nulls")) > 0.9) {
            all.add(Advice.change(index, Math.round(100 * Double.parseDouble(row.get("nulls"))) + " % of " + row.get("col") + " are NULL, and all of them are in the index (" + row.get("size") + ")",
                    "create index concurrently on " + row.get("t") + " (" + row.get("col") + ") where " + row.get("col") + " is not null; -- then: " + drop,
                    "INSERTs with NULL there do not touch the index.", "Queries for NULLs cannot use it."));
        } else if (row.get("am").equals("btree") && row.get("ordered").equals("t") && Double.parseDouble(row.get("correlation")) > 0.99 && Long.parseLong(row.get("table_bytes")) >= sizes.brinBytes) {
            all.add(Advice.change(index, row.get("col") + " grows with the table (correlation " + row.get("correlation") + "), its index has " + row.get("size"),
                    "create index concurrently on " + row.get("t") + " using brin (" + row.get("col") + "); -- then, if plans are as good: " + drop,
                    "An index a thousand times smaller that costs an INSERT next to nothing.", "Good for ranges only: a single row is found by reading a range of pages, and there is no order by it."));
        }
    }

    private static void oneHeap(Map<String, String> row, Sizes sizes, List<Advice> all) {
        if (row.get("col").isEmpty() || Long.parseLong(row.get("bytes")) < sizes.partitionBytes) return;
        String name = row.get("name");
        all.add(Advice.change(row.get("t"), row.get("size") + " in one table, with a time in " + row.get("col"),
                "create table " + name.replaceFirst("\"?$", "_parted$0") + " (like " + row.get("t") + " including defaults including constraints) partition by range (" + row.get("col") + "); -- then a partition for each month, and move the rows",
                "Old rows go with DROP TABLE instead of DELETE and vacuum; the indexes that INSERTs touch stay in memory.",
                "Primary keys and unique constraints must contain " + row.get("col") + "; partitions have to be made ahead; rows have to be moved."));
    }
}
