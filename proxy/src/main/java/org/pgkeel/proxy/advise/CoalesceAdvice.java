package org.pgkeel.proxy.advise;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.proxy.insert.TargetTable;

/// Which way the rows of a candidate would take, and why: what [TargetTable] asks for coalescing itself, and the names behind its answer.
public final class CoalesceAdvice {
    /// `?`: the table's name, its relation without quotes where there is no schema, its name, and its relation again.
    private static final String FIND = """
            select coalesce(pg_catalog.to_regclass(?)::oid, case when ? <> '' then pg_catalog.to_regclass('public.' || ?)::oid end, (select case when count(*) = 1 then min(c.oid::bigint)::oid end from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and c.relname = ?))::text oid""";

    /// `?`: the table's oid, the client's user three times.
    private static final String OBSTACLES = """
            with r as (select c.* from pg_catalog.pg_class c where c.oid = ?::bigint::oid),
             tree as (select coalesce(p.relid, r.oid)::oid relid from r left join lateral pg_catalog.pg_partition_tree(r.oid) p on r.relkind = 'p'),
             used as (
               select d.refobjid f, 'constraint ' || k.conname w from tree join pg_catalog.pg_constraint k on k.conrelid = tree.relid
                 join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass
               union select d.refobjid, 'a default' from tree join pg_catalog.pg_attrdef k on k.adrelid = tree.relid
                 join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass
               union select d.refobjid, 'an index' from tree join pg_catalog.pg_index k on k.indrelid = tree.relid
                 join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = k.indexrelid and d.refclassid = 'pg_catalog.pg_proc'::regclass
               union select d.refobjid, 'domain constraint ' || k.conname from tree join pg_catalog.pg_attribute a on a.attrelid = tree.relid
                 join pg_catalog.pg_constraint k on k.contypid = a.atttypid and a.atttypid <> 0
                 join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass),
             tg as (select g.tgname, g.tgtype, g.tgnewtable from tree join pg_catalog.pg_trigger g on g.tgrelid = tree.relid where not g.tgisinternal and g.tgenabled <> 'D' and (g.tgtype & 4) = 4)
            select x.why from (values
             (1, (select 'it is no ordinary table' from r where r.relkind not in ('r', 'p'))),
             (2, (select 'it has a rule for INSERT' from r where exists (select 1 from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.ev_type = '3' and w.ev_enabled <> 'D'))),
             (3, (select 'row security is active for ' || ?::text from r where r.relrowsecurity
                and not exists (select 1 from pg_catalog.pg_roles o where o.rolname = ? and (o.rolsuper or o.rolbypassrls or (not r.relforcerowsecurity and pg_catalog.pg_has_role(o.oid, r.relowner, 'usage')))))),
             (4, (select 'a partition is a foreign table: ' || pg_catalog.string_agg(k.oid::regclass::text, ', ') from tree join pg_catalog.pg_class k on k.oid = tree.relid where k.relkind = 'f')),
             (5, (select 'functions of users are called: ' || pg_catalog.string_agg(distinct used.f::regproc::text || ' in ' || used.w, ', ') from used)),
             (6, (select 'trigger ' || pg_catalog.string_agg(distinct pg_catalog.quote_ident(tg.tgname), ', ') || ' fires before a row, for the whole statement, or sees all its rows' from tg
                where (tg.tgtype & 1) = 0 or (tg.tgtype & 2) = 2 or tg.tgnewtable is not null)),
             (7, (select 'foreign key ' || pg_catalog.string_agg(distinct pg_catalog.quote_ident(k.conname), ', ') || ' refers to the table itself' from tree
                join pg_catalog.pg_constraint k on k.conrelid = tree.relid where k.contype = 'f' and k.confrelid in (select relid from tree))),
             (8, (select 'default_transaction_isolation of ' || ?::text || ' or of the database is ' || pg_catalog.current_setting('default_transaction_isolation')
                where pg_catalog.current_setting('default_transaction_isolation') <> 'read committed')),
             (9, (select 'array_nulls is off for ' || ?::text where pg_catalog.current_setting('array_nulls') <> 'on')),
             (10, (select 'standard_conforming_strings is off by default: no INSERT shares a commit' where pg_catalog.current_setting('standard_conforming_strings') <> 'on')),
             (11, (select 'transaction_timeout is ' || pg_catalog.current_setting('transaction_timeout', true) || ', below 10 s: no INSERT shares a commit'
                where nullif(nullif(pg_catalog.current_setting('transaction_timeout', true), ''), '0')::pg_catalog.interval < pg_catalog.interval '10 s'))) x (nr, why)
            where x.why is not null order by x.nr""";

    private static final String DEFERRABLE = """
            select coalesce(pg_catalog.string_agg(pg_catalog.quote_ident(g.tgname) || ' on ' || g.tgrelid::pg_catalog.regclass::text, ', ' order by g.oid), '') triggers
            from pg_catalog.pg_trigger g where g.tgdeferrable and not g.tgisinternal and g.tgenabled <> 'D'""";

    private static final Map<String, String> HINTS = Map.of(
            "in-transaction", "Send them in autocommit, if a row needs no transaction of its own.",
            "with-others", "Send them in requests of their own.",
            "simple-query", "Send them as prepared statements.",
            "calls", "Leave out of the row what calls functions: compute it in the client, or in the column's default.",
            "on-conflict-update", "Only ON CONFLICT DO NOTHING shares a commit.",
            "pinned", "These clients keep their backend: SHOW PINS says why.",
            "settings", "These clients have settings that could make their rows fail, or be seen, differently in company.");

    private CoalesceAdvice() {}

    /// The oid of a candidate's table, under the name that its clients give it.
    /// @return empty if there is no such table, or several in different schemas and none in `public`
    public static Optional<Long> oidOf(Connection server, Candidate of) throws SQLException {
        String name = of.table();
        String relation = name.contains("\".\"") ? "" : name.substring(1, name.length() - 1).replace("\"\"", "\"");
        String oid = Rows.of(server, FIND, name, relation, name, relation).getFirst().get("oid");
        return oid.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(oid));
    }

    /// @param oid of its table
    public static Advice of(Connection server, Candidate candidate, long oid) throws SQLException {
        String name = Rows.of(server, "select pg_catalog.format('%I.%I', n.nspname, c.relname) n from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = ?::bigint::oid",
                oid).getFirst().get("n");
        List<String> obstacles = new ArrayList<>(Rows.of(server, OBSTACLES, oid, candidate.user(), candidate.user(), candidate.user(), candidate.user()).stream().map(row -> row.get("why")).toList());
        Optional<TargetTable> asked = TargetTable.of(Rows.first(server, TargetTable.question(name)));
        boolean eligible = asked.isPresent() && asked.get().isEligible();
        boolean afterRow = asked.isPresent() && asked.get().hasAfterRowTrigger();
        if (!eligible && obstacles.isEmpty()) obstacles.add("the catalogue says that a COPY could mean something else");
        String rates = candidate.rate() + " rows/s of user " + candidate.user() + " could share commits (" + candidate.why() + ")";
        String catalogue = obstacles.isEmpty() ? "" : "; no COPY: " + String.join("; ", obstacles);
        if (asked.isPresent() && !asked.get().sharesCommits()) {
            return Advice.keep(name, "no row shares a commit: " + whyApart(server) + "a function of its triggers sets something (set_config, SET) or asks for its transaction's number, or a deferred foreign key refers to the table itself" + catalogue);
        }
        return switch (candidate.verdict()) {
            case "copy" -> obstacles.isEmpty()
                    ? Advice.change(name, rates + (afterRow ? "; its AFTER ROW triggers fire at the end of a COPY and see all its rows: COPY only with after-row-triggers = allow" : "; way: COPY"), rule(name),
                            afterRow ? SHARED_GAIN + " With after-row-triggers = allow: as COPY." : "One COPY and one commit for many rows: 9 to 12 times less of PostgreSQL's CPU per row in batches of 100.", RISK)
                    : Advice.change(name, rates + "; way: shared commit" + catalogue, rule(name), SHARED_GAIN, RISK);
            case "shared-commit" -> Advice.change(name, rates + "; way: shared commit, as most of its INSERTs are no rows of a COPY" + catalogue, rule(name), SHARED_GAIN, RISK);
            case "coalesced" -> Advice.keep(name, candidate.coalesced() + " rows/s share commits by a rule; " + rates + catalogue);
            case "rate-low" -> Advice.keep(name, rates + "; fewer than 100 rows/s seldom meet in a commit" + catalogue);
            default -> new Advice(Advice.Weight.KEEP, name, "most rows come in a way that cannot share commits (" + candidate.why() + ")" + catalogue, "",
                    HINTS.getOrDefault(candidate.mainReason(), ""), "");
        };
    }

    private static String whyApart(Connection server) throws SQLException {
        String triggers = Rows.of(server, DEFERRABLE).getFirst().get("triggers");
        return triggers.isEmpty() ? "" : "functions of users run at an INSERT, and nobody can tell whether they write into a table with a deferrable trigger (" + triggers + "), or ";
    }

    private static final String SHARED_GAIN = "The INSERTs unchanged, with one commit for several: 4 to 7 times less of PostgreSQL's CPU per row in batches of 10 to 100.";
    private static final String RISK = "A row is seen by others, and answered, with its batch, which waits for the commit before it and at most max-delay (5 ms); a row on a locked key holds up its batch for lock-timeout (500 ms).";

    private static String rule(String table) {
        return "coalesce = [ { table = \"" + table.replace("\\", "\\\\").replace("\"", "\\\"") + "\" } ]   # proxy.conf";
    }
}
