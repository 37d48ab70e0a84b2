package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.pgkeel.protocol.copy.BinaryValue;

/// What the catalogue says of a table that rows are inserted into.
///
/// @param oid               of the table
/// @param schema            its schema's name
/// @param copyTable         schema and name with quotes where they need them
/// @param isEligible        a COPY means the same as INSERTs: an ordinary or partitioned table, without rules, active row security, foreign partitions,
///                          and triggers that could skip a row, see the whole statement or change what others see; nor foreign keys of its own that refer to itself,
///                          which a COPY looks at when all its rows are there;
///                          nor functions of users in checks, defaults and indexes, nor of the server's own those that speak, whose notices nobody could be told,
///                          nor types of users that the session finds by the names of the server's own; and `array_nulls` is on
/// @param hasAfterRowTrigger there are AFTER ROW triggers: they fire behind all rows of a COPY
/// @param usualSession      if its client says nothing else a session's transactions are READ COMMITTED and may write, and its texts are read as they are here:
///                          in UTF-8, or in no encoding where the database has none, with backslashes that mean themselves; nor is its connection closed for a transaction that waits for a lock of some row
/// @param asksSettings      a default, a check, an index or a domain may ask for a setting, such as the client's application_name
/// @param sharesCommits     what a row leaves to its commit depends on no row of others, and what is said of it there, if anything is, concerns all
/// @param arbiters          by which columns a row that is there already may be found
/// @param fingerprint       changes when something of the above changes; what the guard compares with: [#GUARD], or [#TREE_GUARD] if `partitioned`
/// @param partitions        where a value in a statement can say which one its row belongs to
public record TargetTable(long oid, String schema, String name, String copyTable, boolean isEligible, boolean hasAfterRowTrigger, boolean usualSession,
                          boolean asksSettings, boolean partitioned, boolean sharesCommits, String fingerprint, List<Column> columns, Arbiters arbiters, Optional<Partitions> partitions) {
    /// @param baseType of a domain; else the type itself
    /// @param sentAs   a type whose binary format the base type's values have, too: that of an enum is a text
    /// @param modifier of the base type, as in `numeric(6,2)`; [#UNMODIFIED] if it has none
    public record Column(String name, int type, int baseType, int sentAs, int modifier, boolean identityAlways, boolean generated) {
        static final int UNMODIFIED = -1;

        public Column(String name, int type, int baseType, boolean identityAlways, boolean generated) {
            this(name, type, baseType, baseType, UNMODIFIED, identityAlways, generated);
        }

        boolean isOfDomain() {
            return type != baseType;
        }
    }

    /// Of one relation `k`: what it is, and which versions of its columns, triggers and rules count: what changes one of them writes a new version.
    /// Not the version of its own row, which a TRUNCATE changes too.
    private static final String VERSIONS = """
            k.oid::text || ' ' || k.relkind::text || k.relpersistence::text || case when k.relrowsecurity then 's' else '' end || case when k.relforcerowsecurity then 'f' else '' end
              || ' ' || k.relnatts::text || ' ' || k.relchecks::text || ' ' || k.relnamespace::text || ' ' || k.relname::text || ' '
              || case when k.relhastriggers then coalesce((select pg_catalog.string_agg(g.oid::text || '/' || g.xmin::text, ' ' order by g.oid)
                      from pg_catalog.pg_trigger g where g.tgrelid = k.oid and not g.tgisinternal), '') else '' end || ' '
              || case when k.relhasrules then coalesce((select pg_catalog.string_agg(w.oid::text || '/' || w.xmin::text, ' ' order by w.oid) from pg_catalog.pg_rewrite w where w.ev_class = k.oid), '') else '' end || ' '
              || coalesce((select pg_catalog.sum(a.xmin::text::pg_catalog.int8)::text from pg_catalog.pg_attribute a where a.attrelid = k.oid and a.attnum > 0), '')""";
    private static final String FINGERPRINT = "(select " + VERSIONS + " from pg_catalog.pg_class k where k.oid = OID)";
    private static final String TREE_FINGERPRINT = "(select pg_catalog.hashtextextended(pg_catalog.string_agg(" + VERSIONS + """
            , ';' order by k.oid), 0)::text from pg_catalog.pg_class k where k.oid in (select p.relid from pg_catalog.pg_partition_tree(OID) p))""";

    /// Fails with `22012` if the table with oid `$1` has not the fingerprint `$2`, or is not what the name `$3` means. Behind the rows: their lock on
    /// the table keeps changes out.
    public static final String GUARD = guard(FINGERPRINT);
    /// As [#GUARD], of a partitioned table with all its partitions.
    public static final String TREE_GUARD = guard(TREE_FINGERPRINT);

    /// `odd`: it is no ordinary table, or functions of users are called by more than triggers and policies. Oids from 16384 on are of what users made.
    private static final String QUESTION = """
            with r as (select c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.relnamespace, c.relname from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass(NAME)),
             tree as (select r.oid root, coalesce(p.relid, r.oid)::oid relid from r left join lateral pg_catalog.pg_partition_tree(r.oid) p on r.relkind = 'p'),
             expr as (select pg_catalog.pg_get_expr(k.adbin, k.adrelid) as text from tree join pg_catalog.pg_attrdef k on k.adrelid = tree.relid
               union all select pg_catalog.pg_get_constraintdef(k.oid) from tree join pg_catalog.pg_constraint k on k.conrelid = tree.relid and k.contype = 'c'
               union all select pg_catalog.pg_get_indexdef(k.indexrelid) from tree join pg_catalog.pg_index k on k.indrelid = tree.relid),
             tg as (select g.tgtype, g.tgnewtable, g.tgfoid from tree join pg_catalog.pg_trigger g on g.tgrelid = tree.relid where not g.tgisinternal and g.tgenabled <> 'D' and (g.tgtype & 4) = 4),
             rls as (select r.oid from r where r.relrowsecurity and pg_catalog.row_security_active(r.oid)),
             odd as (select r.relkind not in ('r', 'p') or r.relpersistence = 't' or r.relnamespace = 'pg_catalog'::pg_catalog.regnamespace
               or exists (select 1 from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.ev_type = '3' and w.ev_enabled <> 'D')
               or exists (select 1 from tree join pg_catalog.pg_class k on k.oid = tree.relid where k.relkind = 'f')
               or exists (select 1 from tree join pg_catalog.pg_constraint k on k.conrelid = tree.relid join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
                 and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
               or exists (select 1 from tree join pg_catalog.pg_attrdef k on k.adrelid = tree.relid join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                 and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
               or exists (select 1 from tree join pg_catalog.pg_index k on k.indrelid = tree.relid join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 and d.objid = k.indexrelid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
               or exists (select 1 from tree join pg_catalog.pg_attribute a on a.attrelid = tree.relid join pg_catalog.pg_constraint k on k.contypid = a.atttypid and a.atttypid <> 0
                 join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objid = k.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
               or exists (select 1 from pg_catalog.pg_type y where y.typname in (TYPES) and y.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace and pg_catalog.pg_type_is_visible(y.oid))
               as it from r)
            select r.oid::text, n.nspname::text, r.relname::text, pg_catalog.format('%I.%I', n.nspname, r.relname),
             (not odd.it and pg_catalog.current_setting('array_nulls') = 'on' and not exists (select 1 from expr where expr.text ~ SPEAKS)
              and not exists (select 1 from tree join pg_catalog.pg_attribute a on a.attrelid = tree.relid and a.attnum > 0 and not a.attisdropped join pg_catalog.pg_type t on t.oid = a.atttypid
                where coalesce(nullif(t.typbasetype, 0), t.oid) in (SPEAKING)) and not exists (select 1 from rls)
              and not exists (select 1 from tree join pg_catalog.pg_constraint k on k.conrelid = tree.relid where k.contype = 'f' and k.confrelid in (select relid from tree))
              and not exists (select 1 from tg where (tg.tgtype & 1) = 0 or (tg.tgtype & 2) = 2 or tg.tgnewtable is not null))::text,
             (exists (select 1 from tg where (tg.tgtype & 67) = 1))::text,
             (pg_catalog.current_setting('default_transaction_isolation') = 'read committed' and pg_catalog.current_setting('default_transaction_read_only') = 'off'
              and pg_catalog.current_setting('standard_conforming_strings') = 'on'
              and (pg_catalog.current_setting('client_encoding') = 'UTF8' or pg_catalog.current_setting('client_encoding') = 'SQL_ASCII' and pg_catalog.current_setting('server_encoding') = 'SQL_ASCII')
              and coalesce(nullif(nullif(pg_catalog.current_setting('transaction_timeout', true), ''), '0')::pg_catalog.interval >= pg_catalog.interval '10 s', true))::text,
             (exists (select 1 from expr where expr.text ~ ASKS)
              or exists (select 1 from tree join pg_catalog.pg_attribute a on a.attrelid = tree.relid join pg_catalog.pg_type t on t.oid = a.atttypid and t.typtype = 'd'))::text,
             (r.relkind = 'p')::text, case when (r.relkind = 'p') then TREE_PRINT else FINGERPRINT end,
             (select pg_catalog.string_agg(pg_catalog.concat_ws(' ', pg_catalog.encode(pg_catalog.convert_to(a.attname, 'UTF8'), 'hex'), a.atttypid, coalesce(nullif(t.typbasetype, 0), t.oid),
                case t.typtype when 'e' then SENT_AS else coalesce(nullif(t.typbasetype, 0), t.oid) end, case t.typtype when 'd' then t.typtypmod else a.atttypmod end, (a.attidentity = 'a')::text, (a.attgenerated <> '')::text), ',' order by a.attnum)
              from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped), ARBITERS,
             (exists (select 1 from tree join pg_catalog.pg_constraint k on k.conrelid = tree.relid and k.contype = 'f' and k.condeferred and k.confrelid in (select relid from tree))
              or exists (select 1 from tg join pg_catalog.pg_proc f on f.oid = tg.tgfoid where f.prosrc ~* LEAVES))::text,
             (exists (select 1 from pg_catalog.pg_trigger g where g.tgdeferrable and not g.tgisinternal and g.tgenabled <> 'D'))::text, PARTITIONS,
             (odd.it or exists (select 1 from tg where tg.tgfoid >= 16384)
              or exists (select 1 from rls join pg_catalog.pg_policy y on y.polrelid = rls.oid join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
                and d.objid = y.oid and not (d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = rls.oid)))::text
            from odd, r join pg_catalog.pg_namespace n on n.oid = r.relnamespace""";
    /// In expressions whose functions are all PostgreSQL's own: current_setting, and those that run a query that is text.
    private static final String ASKS = "'setting|_to_xml'";
    /// In expressions whose functions may tell the client something of the row: that a word is too long for a text search, or a query without words; or what
    /// text inserts it.
    private static final String SPEAKS = "'tsvector|tsquery|XMLPARSE|::xml|current_query'";
    /// In functions of triggers: what they set, for their transaction or their session, rows of others behind them in a shared one would be read by; and what they tell
    /// a transaction by, those would find. A SET stands where a statement begins: that of an UPDATE is none.
    private static final String LEAVES = "'set_config|(^|;|begin|then|else|loop)[[:space:]]*set[[:space:]]|set[[:space:]]+(local|session)|txid_current|pg_current_xact_id'";
    /// Types, and arrays of them, whose texts may make the server do so: `tsquery` and `xml`.
    private static final String SPEAKING = "3615, 3645, 142, 143";
    private static final int ANSWERS = 16;

    /// What its rows become does not depend on the application_name of the session that inserts them.
    public boolean ignoresApplicationName() {
        return isEligible && !hasAfterRowTrigger && !asksSettings;
    }

    private static String guard(String fingerprint) {
        return "select 1 / (case when " + fingerprint.replace("OID", "$1") + " = $2 and pg_catalog.to_regclass($3) = $1 then 1 else 0 end)";
    }

    public TargetTable {
        columns = List.copyOf(columns);
    }

    /// A Query with one row as its answer, none if there is no such table for the session that asks.
    /// @param writtenName with quotes, as SQL takes it
    public static String question(String writtenName) {
        return QUESTION.replace("ARBITERS", Arbiters.QUESTION).replace("PARTITIONS", Partitions.QUESTION).replace("TYPES", SqlTypes.NAME_LIST).replace("SENT_AS", Integer.toString(BinaryValue.TEXT)).replace("ASKS", ASKS).replace("LEAVES", LEAVES).replace("SPEAKS", SPEAKS).replace("SPEAKING", SPEAKING).replace("TREE_PRINT", TREE_FINGERPRINT.replace("OID", "r.oid")).replace("FINGERPRINT", FINGERPRINT.replace("OID", "r.oid")).replace("NAME", "'" + writtenName.replace("'", "''") + "'");
    }

    /// @param from where the DataRow's body begins
    /// @return empty if it is no answer to [#question]
    public static Optional<TargetTable> parse(ByteBuf in, int from, int bytes) {
        int end = from + bytes;
        if (bytes < 2 || in.getShort(from) != ANSWERS) return Optional.empty();
        var texts = new ArrayList<String>();
        int at = from + 2;
        for (int i = 0; i < ANSWERS; i++) {
            int length = at + 4 > end ? -1 : in.getInt(at);
            if (length < 0 || at + 4 + length > end) return Optional.empty();
            texts.add(in.toString(at + 4, length, StandardCharsets.UTF_8));
            at += 4 + length;
        }
        return of(texts);
    }

    /// @param texts the columns of a row
    /// @return empty if it is no answer to [#question]
    public static Optional<TargetTable> of(List<String> texts) {
        if (texts.size() != ANSWERS) return Optional.empty();
        var columns = new ArrayList<Column>();
        for (String one : texts.get(10).split(",")) {
            String[] part = one.split(" ");
            if (part.length != 7) return Optional.empty();
            columns.add(new Column(new String(HexFormat.of().parseHex(part[0]), StandardCharsets.UTF_8), Integer.parseUnsignedInt(part[1]), Integer.parseUnsignedInt(part[2]),
                    Integer.parseUnsignedInt(part[3]), Integer.parseInt(part[4]), part[5].equals("true"), part[6].equals("true")));
        }
        boolean eligible = texts.get(4).equals("true");
        boolean afterRow = texts.get(5).equals("true");
        return Optional.of(new TargetTable(Long.parseLong(texts.get(0)), texts.get(1), texts.get(2), texts.get(3), eligible, afterRow, texts.get(6).equals("true"), texts.get(7).equals("true"),
                texts.get(8).equals("true"), sharesCommits(texts.get(15).equals("true"), texts.get(12).equals("true"), texts.get(13).equals("true")), texts.get(9), columns,
                Arbiters.parse(texts.get(11)), Partitions.parse(texts.get(14), columns)));
    }

    /// A deferred trigger of users warns at the commit, and nobody knows for whose row; its table may be any that the functions of users write
    /// into when a row is inserted. A deferred foreign key into the same table may be kept by a row of somebody else that needs this one.
    /// All other constraints only fail there, and then each row runs alone. A trigger may do something once in a transaction, and find by what it left that it did.
    /// @param ofUsers      functions of users may be called by an INSERT: by triggers, rules, defaults, checks, indexes, or policies of row security that use more than the table's columns
    /// @param meetsOthers  by a deferred foreign key into the table itself, or by what a trigger leaves to its transaction
    /// @param deferrable   there is a deferrable trigger of users somewhere in the database
    private static boolean sharesCommits(boolean ofUsers, boolean meetsOthers, boolean deferrable) {
        return !meetsOthers && !(ofUsers && deferrable);
    }
}
