package org.pgkeel.proxy.insert;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/// By which columns of a table `ON CONFLICT (column) DO NOTHING` may find out that a row is there already, and what is in the way of it.
///
/// @param obstacle what keeps the role from it in this table, whatever the column; empty mostly
/// @param columns  those with a unique index on themselves alone, and what is in the way there; an empty text: nothing
/// <https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT>
public record Arbiters(String obstacle, Map<String, String> columns) {
    /// Nobody has looked.
    public static final Arbiters NONE = new Arbiters("", Map.of());
    private static final String NO_INDEX = "no_unique_index";

    /// Of the relation `r`. An INSERT with an arbiter reads: it needs SELECT on the column, and policies for SELECT would be asked. Any deferrable index
    /// on the column is an arbiter too, and fails. What is committed with nothing but rows that were there already has to write a word into the WAL.
    static final String QUESTION = """
            (select case when r.relkind not in ('r', 'p') then 'not_a_table'
               when exists (select 1 from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.ev_type in ('2', '3')) then 'rules'
               when r.relrowsecurity and pg_catalog.row_security_active(r.oid) then 'row_security'
               when exists (select 1 from pg_catalog.pg_proc p where p.proname = 'pg_logical_emit_message' and p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
                 and not pg_catalog.has_function_privilege(p.oid, 'execute')) then 'no_privilege_for_pg_logical_emit_message'
               else '' end
              || coalesce((select pg_catalog.string_agg(' ' || c.name || ':' || c.obstacle, '' order by c.name) from
                (select pg_catalog.encode(pg_catalog.convert_to(a.attname, 'UTF8'), 'hex') as name,
                   case when pg_catalog.bool_or(not i.indimmediate) then 'deferrable_index'
                     when not pg_catalog.bool_or(i.indpred is null) then 'partial_index'
                     when not pg_catalog.bool_or(i.indpred is null and i.indisvalid) then 'invalid_index'
                     when not pg_catalog.has_column_privilege(r.oid, a.attnum, 'select') then 'no_select_privilege'
                     else '' end as obstacle
                 from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                 where i.indrelid = r.oid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] > 0 group by a.attname, a.attnum) c), ''))""";

    public Arbiters {
        columns = Map.copyOf(columns);
    }

    /// @param answer to [#QUESTION]
    /// @throws IllegalArgumentException if it is none
    static Arbiters parse(String answer) {
        String[] parts = answer.split(" ");
        var columns = new HashMap<String, String>();
        for (int i = 1; i < parts.length; i++) {
            int colon = parts[i].indexOf(':');
            if (colon < 0) throw new IllegalArgumentException("no column: " + parts[i]);
            columns.put(new String(HexFormat.of().parseHex(parts[i], 0, colon), StandardCharsets.UTF_8), parts[i].substring(colon + 1));
        }
        return new Arbiters(parts[0], columns);
    }

    /// What keeps the column from being an arbiter.
    /// @return empty if it may be one
    public Optional<String> obstacle(String column) {
        String there = obstacle.isEmpty() ? columns.getOrDefault(column, NO_INDEX) : obstacle;
        return there.isEmpty() ? Optional.empty() : Optional.of(there);
    }
}
