package org.pgkeel.proxy.statement;

import java.util.ArrayList;
import java.util.List;

/// Single statements and their effects, in the words of [StatementsTest].
final class StatementCorpus {
    record Entry(String sql, String effects) {
        @Override
        public String toString() {
            return sql;
        }
    }

    static final List<Entry> ENTRIES = new ArrayList<>();

    private StatementCorpus() {}

    private static void add(String sql, String effects) {
        ENTRIES.add(new Entry(sql, effects));
    }

    static {
        for (String nothing : List.of("select 1", "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = 7",
                "insert into t (temp, hold, load) values ('set x', 'now', 'listen')", "select temp, hold from t",
                "delete from t where a = 'discard all'", "notify c, 'x'", "show work_mem", "vacuum t", "select * from pg_settings",
                "set transaction isolation level serializable", "set local transaction read only", "commit prepared 'x'",
                "rollback prepared 'x'", "set constraints all deferred", "set transaction_read_only = on",
                "copy t from stdin", "copy (select 1) to stdout", "select pg_advisory_xact_lock(1)", "select nextval('s')",
                "call p(1)", "do $$begin update t set a = 1; perform set_config('a', 'b', true); set local x = 1; end$$",
                "do 'begin raise notice ''x''; end'", "select \"set\" from t", "fetch all from c",
                "declare c cursor without hold for select 1", "insert into temp values (1)", "grant execute on function f to u",
                "select currval from t", "with temp as (select 1) select * from temp", "truncate t", "lock table t",
                "explain (costs off) select 1", "values (1)", "select 'set_config(''a'', ''b'', false)'",
                "insert into t select * from u on conflict do nothing", "table t", "select set, reset from t")) {
            add(nothing, "");
        }
        settings();
        transactions();
        sessions();
    }

    private static void settings() {
        add("SET work_mem TO '4MB'", "Set work_mem=4MB");
        add("set session Work_Mem=4096", "Set work_mem=4096");
        add("set/**/work_mem/**/=/**/0x10", "Set work_mem=16");
        add("set x.y to -5", "Set x.y=-5");
        add("set \"X\".\"Y\" to +5.50", "Set x.y=5.50");
        add("set a to 99999999999", "Set a=99999999999");
        add("set enable_seqscan = OFF", "Set enable_seqscan=off");
        add("set a = TRUE", "Set a=true");
        add("set a = \"TRUE\"", "Set a=TRUE");
        add("set datestyle to ISO, 'DMY'", "Set datestyle=iso, DMY");
        add("set search_path = a, \"B\", 'c d', \"$user\"", "Set search_path=a, \"B\", \"c d\", \"$user\"");
        add("set search_path = ''", "Set search_path=\"\"");
        add("set schema 'A'", "Set search_path=\"A\"");
        add("set a = $tag$x'y$tag$", "Set a=x'y");
        add("set a = U&'d!0061' uescape '!'", "Set a=da");
        add("set a = e'\\'x\\''", "Set a='x'");
        add("set time zone 'UTC'", "Set timezone=UTC");
        add("set session time zone -7", "Set timezone=-7");
        add("set time zone local", "Reset timezone");
        add("set time zone default", "Reset timezone");
        add("set timezone to default", "Reset timezone");
        add("set time zone interval '-08:00' hour to minute", "Set timezone=INTERVAL '-08:00'");
        add("set time zone interval '2' hour", "Set timezone=INTERVAL '2 hour'");
        add("set time zone interval(3) '2:00'", "Set timezone=INTERVAL '2:00'");
        add("set names 'LATIN1'", "Set client_encoding=LATIN1");
        add("set names", "Reset client_encoding");
        add("set names default", "Reset client_encoding");
        add("set role admin", "Set role=admin");
        add("set role none", "Set role=none");
        add("set session role \"Admin\"", "Set role=Admin");
        add("set role = 'x'", "Set role=x");
        add("reset role", "Reset role");
        add("set session authorization 'joe'", "Set session_authorization=joe");
        add("set session session authorization joe", "Set session_authorization=joe");
        add("set session authorization default", "Reset session_authorization");
        add("reset session authorization", "Reset session_authorization");
        add("set xml option document", "Set xmloption=document");
        add("set session characteristics as transaction isolation level repeatable read, read only, not deferrable",
                "Set default_transaction_isolation=repeatable read, Set default_transaction_read_only=on, "
                        + "Set default_transaction_deferrable=off");
        add("set session characteristics as transaction read write", "Set default_transaction_read_only=off");
        add("SET LOCAL work_mem = 5", "Local work_mem");
        add("set local time zone 'x'", "Local timezone");
        add("set local role x", "Local role");
        add("set local standard_conforming_strings = off", "Local standard_conforming_strings, Pin set_config");
        add("select set_config('client_encoding', $1, true)", "Local client_encoding, Pin set_config");
        add("set local session authorization x", "Local session_authorization");
        add("set local a.b to default", "Local a.b");
        add("set search_path = admin, pg_temp", "Set search_path=admin, pg_temp");
        add("set seed to 0.5", "Pin random_seed");
        add("set a from current", "Pin set_config");
        add("reset all", "ResetAll");
        add("RESET A.b", "Reset a.b");
        add("reset time zone", "Reset timezone");
        add("reset transaction isolation level", "");
        add("drop database if exists \"A b\" with (force)", "Ddl, Vacate A b");
        add("DROP DATABASE A", "Ddl, Vacate a");
        add("alter database a rename to b", "Ddl, Vacate a");
        add("alter database \"A b\" set tablespace t", "Ddl, Vacate A b");
        add("alter database a set work_mem = '4MB'", "Ddl");
        add("alter database a reset all", "Ddl");
        add("alter database a owner to b", "Ddl");
        add("alter database a with connection limit 3", "Ddl");
        add("create database a with owner b template = c encoding 'utf8'", "Ddl, Vacate c");
        add("create database a", "Ddl");
        add("drop table database", "Ddl");
        add("discard all", "DiscardAll");
        add("discard plans", "Discard PLANS");
        add("discard sequences", "Discard SEQUENCES");
        add("discard temporary", "Discard TEMP");
        add("select set_config('A.b', 'c', false)", "Set a.b=c");
        add("select pg_catalog.set_config('search_path', '', false);", "Set search_path=");
        add("select set_config('a', 'b', 'f'::bool) as x, set_config('c', null, false), 5", "Set a=b, Reset c");
        add("select set_config('a', $1, true), set_config($2, 'x', true) from t", "Local a, Local ");
        add("select set_config('a', $1, false), set_config('B', $12::text, 'f')", "Bound a=$1, Bound B=$12");
        add("select current_setting('a') as old, pg_catalog.current_setting('b', true), set_config('a', 'b', false) as new", "Set a=b");
        add("select s.current_setting('a'), set_config('a', 'b', false)", "Pin set_config");
        add("select current_setting(f), set_config('a', 'b', false)", "Pin set_config");
        add("select set_config('a', $1, false), $1::int", "Pin set_config");
        add("select set_config('a', $1::int, false)", "Pin set_config");
        add("select set_config('a', $1 || 'b', false)", "Pin set_config");
        add("select set_config('a', $1, false) from t", "Pin set_config");
        add("select set_config('a', 'b' || 'c', false)", "Pin set_config");
        add("select set_config($1, $2, $3)", "Pin set_config");
        add("select set_config('a', 'b', false) from t", "Pin set_config");
        add("select set_config('a', 'b', false), generate_series(1, 0)", "Pin set_config");
        add("select (select set_config('a', 'b', false))", "Pin set_config");
        add("insert into t values (set_config('a', 'b', false))", "Pin set_config");
        add("prepare p as select set_config('a', 'b', false)", "Prepare p, Pin set_config");
        add("select \"set_config\"('a', 'b', false)", "Set a=b");
        add("select U&\"set\\005fconfig\"('a', 'b', false)", "Set a=b");
        add("update pg_settings set setting = 'x' where name = 'y'", "Pin set_config");
        add("do $$begin set work_mem = 5; end$$", "Pin do_block");
        add("DO LANGUAGE plpgsql $x$begin perform set_config('a', 'b', false); end$x$", "Pin do_block");
        add("do 'set x = 1'", "Pin do_block");
    }

    private static void transactions() {
        add("begin", "Begin");
        add("START TRANSACTION READ ONLY", "Begin");
        add("commit work", "Commit");
        add("end transaction and no chain", "Commit");
        add("COMMIT AND CHAIN", "Commit and chain");
        add("abort", "Rollback");
        add("rollback work and chain", "Rollback and chain");
        add("savepoint A", "Savepoint a");
        add("savepoint \"A\"", "Savepoint A");
        add("rollback to a", "RollbackTo a");
        add("ROLLBACK /* x */ TRANSACTION -- y\n TO SAVEPOINT a", "RollbackTo a");
        add("release savepoint a", "Release a");
        add("release a", "Release a");
        add("prepare transaction 'gid'", "PrepareTransaction");
        add("/* first */ -- second\n begin", "Begin");
        add("-- set x\n select 1", "");
    }

    private static void sessions() {
        add("prepare p (int) as select $1", "Prepare p");
        add("prepare transaction as select 1", "Prepare transaction");
        add("execute P(1)", "Execute p");
        add("execute p(pg_advisory_lock(1))", "Execute p, Pin advisory_lock");
        add("explain analyze execute p", "Execute p");
        add("create table t as execute p(1)", "Ddl, Execute p");
        add("create trigger t after insert on t execute function f()", "Ddl");
        add("deallocate p", "Deallocate p");
        add("deallocate prepare \"P\"", "Deallocate P");
        add("deallocate prepare", "Deallocate prepare");
        add("deallocate prepare all", "DeallocateAll");
        add("listen C", "Listen c, Pin listen");
        add("unlisten c", "Unlisten c");
        add("unlisten *", "UnlistenAll");
        add("load 'auto_explain'", "Pin load");
        add("close all", "CloseAll");
        add("close c", "CloseCursor");
        add("declare c binary scroll cursor with hold for select 1", "Pin hold_cursor");
        add("create temp table t (a int)", "TemporaryTable, Pin temp_table");
        add("create local temporary table t as select 1", "TemporaryTable, Pin temp_table");
        add("create temp table t (a int) on commit drop", "TemporaryTable");
        add("create temp table t on commit delete rows as select 1", "TemporaryTable, Pin temp_table");
        add("create or replace temp view v as select 1", "Ddl, Pin temp_table");
        add("create temporary sequence s", "Ddl, Pin temp_table");
        add("create /* x */ temp recursive view v (a) as select 1", "Ddl, Pin temp_table");
        add("explain analyze create temp table t as select 1", "Pin temp_table");
        add("create table pg_temp.t (a int)", "Ddl, Pin temp_table");
        add("select 1 into temp t", "Pin temp_table");
        add("with x as (select 1) select * into local temporary table t from x", "Pin temp_table");
        add("select * from \"pg_temp\".t", "Pin temp_table");
        add("set session.tenant = 'x'", "Set session.tenant=x");
        add("set local.tenant to 'x'", "Set local.tenant=x");
        add("set session session.tenant = 'x'", "Set session.tenant=x");
        add("set local session.tenant = 'x'", "Local session.tenant");
        add("set time.zone = 'x'", "Set time.zone=x");
        add("set session characteristics.x = 'y'", "Set characteristics.x=y");
        add("release savepoint", "Release savepoint");
        add("release savepoint savepoint", "Release savepoint");
        add("rollback to savepoint", "RollbackTo savepoint");
        add("rollback to savepoint \"savepoint\"", "RollbackTo savepoint");
        add("reset session.tenant", "Reset session.tenant");
        add("reset time.zone", "Reset time.zone");
        add("reset transaction.x", "Reset transaction.x");
        add("reset local.tenant", "Reset local.tenant");
        add("create function pg_temp.f() returns int language sql as 'select 1'", "Ddl, Pin temp_table");
        add("create or replace procedure \"pg_temp\" . p() language sql as 'select 1'", "Ddl, Pin temp_table");
        add("create function pg_temp() returns int language sql as 'select 1'", "Ddl");
        add("select set_config('search_path', 'pg_temp, public', true)", "Local search_path, Pin temp_table");
        add("select pg_backup_start('base')", "Pin session_function");
        add("select pg_create_physical_replication_slot('s', true, true)", "Pin session_function");
        add("select u&\"pg!005fadvisory_lock\" uescape '!' (1)", "Pin advisory_lock");
        add("select u&\"pg!005fadvisory_lock\" uescape e'!' (1)", "Pin advisory_lock");
        add("select u&\"pg!005fadvisory_lock\" /* */ UESCAPE $x$!$x$ (1)", "Pin advisory_lock");
        add("do $$begin create or replace view v as select nextval('s'); end$$", "Ddl");
        add("select pg_advisory_lock(1), pg_advisory_lock(2)", "Pin advisory_lock");
        add("select pg_catalog.pg_try_advisory_lock_shared (1, 2)", "Pin advisory_lock");
        add("select pg_advisory_unlock(1)", "AdvisoryUnlock");
        add("select pg_advisory_unlock_all()", "AdvisoryUnlockAll");
        add("select currval('s')", "SessionSequence");
        add("insert into t values (lastval())", "SessionSequence");
        add("select setseed(0.5)", "Pin random_seed");
        add("select dblink_connect('c', 'host=x')", "Pin session_function");
        add("drop table t", "Ddl");
        add("ALTER TABLE t ADD temp int", "Ddl");
        add("do $$begin create temp table t (a int); end$$", "Pin do_block");
        add("do $$begin if true then set session role x; end if; end$$", "Pin do_block");
        add("create function f() returns int language sql begin atomic select pg_advisory_lock(1); end", "Ddl");
    }
}
