-- What of a database may hide a write: rows (kind, name).
-- f: every function of the name is harmless; u: one may write; c: one that may write is also called as row.name;
-- p: a procedure: none of the name says COMMIT or ROLLBACK, or anything that could have another one say so; see RoutineReader. q: another procedure.
-- v: relation that rests on a volatile function; e: foreign table; n: unlogged; t: type; o: operator; x: anything may write.
-- Views, policies, checks, defaults and SQL bodies are read from their stored trees, since pg_depend leaves out what is built in.
with recursive
exempt(name) as (values ('random'), ('random_normal'), ('clock_timestamp'), ('timeofday'), ('gen_random_uuid'), ('uuidv4'), ('uuidv7'),
    ('pg_sleep'), ('pg_sleep_for'), ('pg_sleep_until')),
tree(kind, oid, body) as (
    select 'r', w.ev_class, w.ev_action::text from pg_catalog.pg_rewrite w join pg_catalog.pg_class c on c.oid = w.ev_class
        where w.ev_type = '1' and c.relkind = 'v'
    union all select 'r', polrelid, polqual::text from pg_catalog.pg_policy where polqual is not null
    union all select 't', contypid, conbin::text from pg_catalog.pg_constraint where contypid <> 0 and conbin is not null
    union all select 'p', oid, proargdefaults::text from pg_catalog.pg_proc where proargdefaults is not null
    union all select 'p', oid, prosqlbody::text from pg_catalog.pg_proc where prosqlbody is not null and oid >= 16384),
-- Without comments and strings, but where a quote might not be what it seems.
procedure(name, language, code, text) as (
    select p.proname, l.lanname, p.prosrc, case when p.prosrc ~* '[$][a-z0-9_]*[$]|[[:<:]]e''' then p.prosrc
            else regexp_replace(p.prosrc, '--[^' || chr(10) || chr(13) || ']*|/[*]([^*]|[*]+[^*/])*[*]+/|''[^'']*''|"[^"]*"', ' ', 'g') end
        from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang where p.prokind = 'p'),
named(kind, oid, word, ref) as (
    select kind, oid, m[1], m[2]::oid from tree,
        regexp_matches(body, ':(funcid|opfuncid|aggfnoid|winfnoid|relid|resulttype|opno|eqop|sortop|startInRangeFunc|endInRangeFunc) ([1-9][0-9]*)', 'g') m),
edge(kind, oid, to_kind, to_oid) as materialized (
    select distinct kind, oid, case when word = 'relid' then 'r' when word = 'resulttype' then 't' when word in ('opno', 'eqop', 'sortop') then 'o' else 'p' end, ref from named
    union all select 'r', attrelid, 't', atttypid from pg_catalog.pg_attribute where attnum > 0 and not attisdropped and atttypid >= 16384
    union all select 'r', inhparent, 'r', inhrelid from pg_catalog.pg_inherits
    union all select 'r', i.indrelid, 'p', a.amproc from pg_catalog.pg_index i, unnest(i.indclass) class(oid)
        join pg_catalog.pg_opclass c on c.oid = class.oid join pg_catalog.pg_amproc a on a.amprocfamily = c.opcfamily where c.opcfamily >= 16384
    union all select 'o', oid, 'p', oprcode from pg_catalog.pg_operator
    union all select 't', type, 'o', o.oid from pg_catalog.pg_operator o, unnest(array[oprleft, oprright, oprresult]) type where type >= 16384
    union all select 't', type, 'p', castfunc from pg_catalog.pg_cast, unnest(array[castsource, casttarget]) type where type >= 16384
    union all select 't', amproclefttype, 'p', amproc from pg_catalog.pg_amproc where amproclefttype >= 16384
    union all select 't', oid, 'p', unnest(array[typinput, typoutput, typreceive, typsend, typmodin, typmodout]::oid[]) from pg_catalog.pg_type where typtype in ('b', 'd', 'r', 'm')
    union all select 't', oid, 't', unnest(array[typelem, typbasetype]) from pg_catalog.pg_type
    union all select 't', t.oid, 't', a.atttypid from pg_catalog.pg_type t join pg_catalog.pg_attribute a on a.attrelid = t.typrelid
        where t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped and a.atttypid >= 16384
    union all select 't', rngtypid, 't', rngsubtype from pg_catalog.pg_range
    union all select 't', rngtypid, 'p', unnest(array[rngcanonical, rngsubdiff]::oid[]) from pg_catalog.pg_range
    union all select 't', rngmultitypid, 't', rngtypid from pg_catalog.pg_range
    union all select 'p', p.oid, 't', type from pg_catalog.pg_proc p, unnest(p.proargtypes::oid[] || coalesce(p.proallargtypes, '{}') || p.prorettype) type where type >= 16384
    union all select 'p', aggfnoid, 'p', unnest(array[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) from pg_catalog.pg_aggregate),
tainted(label, kind, oid) as (
    select 'v', 'p', oid from pg_catalog.pg_proc where provolatile = 'v'
        and not (oid < 16384 and proname in (select name from exempt))
    union all select 'e', 'r', oid from pg_catalog.pg_class where relkind = 'f'
    union all select 'n', 'r', oid from pg_catalog.pg_class where relpersistence = 'u' and relkind in ('r', 'p', 'S', 'm')
    union select t.label, e.kind, e.oid from tainted t join edge e on e.to_kind = t.kind and e.to_oid = t.oid),
answer(kind, name) as (
    select case when bool_or(t.oid is not null) then 'u' else 'f' end, p.proname from pg_catalog.pg_proc p
        left join tainted t on t.kind = 'p' and t.oid = p.oid where p.prokind <> 'p' group by p.proname
    union all select distinct 'c', p.proname from tainted t join pg_catalog.pg_proc p on t.kind = 'p' and p.oid = t.oid
        join pg_catalog.pg_type a on a.oid = p.proargtypes[0]
        where p.prokind = 'f' and p.pronargs - p.pronargdefaults <= 1 and (a.typtype in ('c', 'd') or a.typname in ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray'))
    union all select min(t.label), c.relname from tainted t join pg_catalog.pg_class c on t.kind = 'r' and c.oid = t.oid group by c.relname
    union all select distinct 't', y.typname from tainted t join pg_catalog.pg_type y on t.kind = 't' and y.oid = t.oid
    union all select distinct 'o', o.oprname from tainted t join pg_catalog.pg_operator o on t.kind = 'o' and o.oid = t.oid
    union all select case when bool_and(language in ('plpgsql', 'sql')
            and text !~* '[[:<:]](commit|rollback|call|do(?![[:space:]]+(nothing|update|select)[[:>:]]))[[:>:]]'
            and code !~* '[[:<:]](vacuum|cluster|concurrently|reindex|repack|dblink[a-z0-9_]*|discard[[:space:]]+all|(create|drop|alter)[[:space:]]+(database|tablespace|system|subscription))[[:>:]]') then 'p' else 'q' end, name from procedure group by name
    union all select 'x', '' where exists (select from tainted t join pg_catalog.pg_operator o on t.kind = 'o' and o.oid = t.oid
            where o.oprname in ('=', '<>', '<', '>', '<=', '>=', '~~', '~~*', '!~~', '!~~*', '~', '!~', '+', '-') and o.oprleft < 16384 and o.oprright < 16384)
        or exists (select from tainted t join pg_catalog.pg_cast c on t.kind = 'p' and c.castfunc = t.oid where c.castsource < 16384 and c.casttarget < 16384))
select kind, name from answer
