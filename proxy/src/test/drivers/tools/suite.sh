#!/usr/bin/env bash
# PostgreSQL's own programs against a PostgreSQL port: psql, pgbench, pg_dump, pg_restore. The first failed check ends the run.
# They come first on PATH and must be as new as the server (pg_dump insists). They may be built without TLS, so none is asked for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PGSSLMODE=disable PGCONNECT_TIMEOUT=20 PSQLRC=/dev/null LC_ALL=C.UTF-8
unset PGSSLROOTCERT

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

equal() {
    if [[ "$1" != "$2" ]]; then
        printf 'expected: %s\ngot:      %s\n' "$2" "$1"
        return 1
    fi
}

contains() {
    if [[ "$1" != *"$2"* ]]; then
        printf 'expected in it: %s\ngot: %s\n' "$2" "$1"
        return 1
    fi
}

prepare_schema() {
    sql -c 'drop schema if exists tools_suite cascade' -c 'drop schema if exists dumped cascade' -c 'create schema tools_suite' \
        -c 'create table tools_suite.counters as select n as id, 0 as n from generate_series(1, 100) n' \
        -c 'create table tools_suite.items (id int primary key, name text)' >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
}

psql_runs_a_script_with_variables_transactions_and_settings() {
    local got
    got=$(sql <<'SQL'
\set answer 42
\set name 'it''s'
select :answer, :'name';
begin;
set local time zone 'Asia/Tokyo';
set search_path to tools_suite;
insert into items values (1, 'one');
savepoint s;
\set ON_ERROR_STOP 0
insert into items values (1, 'twice');
\echo :SQLSTATE
\set ON_ERROR_STOP 1
rollback to s;
show time zone;
commit;
show search_path;
select name from items where id = 1 \gset found_
\echo :found_name
select format('select %s as n', n) from generate_series(1, 3) n \gexec
\if :{?found_name}
select 'known';
\endif
select 1 \; select 2 \; select 3;
prepare p (int) as select $1 * 2;
execute p (21);
deallocate p;
select $1::int + $2::int, $3::text \bind 40 2 'bound' \g
select $1::int as named \parse statement
\bind_named statement 7 \g
\bind_named statement 8 \g
\close_prepared statement
declare c cursor with hold for select generate_series(1, 5);
fetch 2 from c;
close c;
SQL
    ) 2>"$work/err" || { cat "$work/err"; return 1; }
    equal "$got" "42|it's
23505
Asia/Tokyo
tools_suite
one
1
2
3
known
1
2
3
42
42|bound
7
8
1
2"
}

psql_pipelines() {
    local got
    got=$(sql <<'SQL'
\startpipeline
select $1::int \bind 1 \sendpipeline
select $1::int \bind 2 \sendpipeline
\syncpipeline
select $1::int \bind 3 \sendpipeline
\endpipeline
SQL
    )
    equal "$got" "1
2
3"
}

psql_single_transaction_and_fetch_count() {
    equal "$(sql -v FETCH_COUNT=100 -c 'select n from generate_series(1, 5000) n' | tail -1)" 5000
    if sql -1 -c 'insert into tools_suite.items values (2, $$two$$)' -c 'select 1/0' 2>"$work/err"; then return 1; fi
    contains "$(cat "$work/err")" 'division by zero'
    equal "$(sql -c 'select count(*) from tools_suite.items')" 1
}

psql_copies_both_ways() {
    seq 1 50000 | awk '{ printf "%d\tname %d\n", $1 + 10, $1 }' >"$work/items"
    sql -c "\\copy tools_suite.items from '$work/items'"
    sql -c "\\copy (select * from tools_suite.items where id > 10 order by id) to '$work/back'"
    cmp "$work/items" "$work/back"
    sql -c "copy tools_suite.items from stdin with (format csv)" <<<'7,"a, b"'
    equal "$(sql -c "copy (select name from tools_suite.items where id = 7) to stdout with (format csv)")" '"a, b"'
    if sql -c "\\copy tools_suite.items from '$work/items'" 2>"$work/err"; then return 1; fi
    contains "$(cat "$work/err")" 'duplicate key value violates unique constraint "items_pkey"'
}

psql_describes() {
    contains "$(psql -X -c '\d tools_suite.items')" 'items_pkey'
    contains "$(psql -X -c '\l')" "$PGDATABASE"
    contains "$(psql -X -c '\dt tools_suite.*')" 'counters'
    contains "$(psql -X -c '\d+ pg_class')" 'relname'
    contains "$(psql -X -c '\df pg_catalog.now')" 'now'
    contains "$(psql -X -c '\du')" "$PGUSER"
    contains "$(psql -X -c '\dn')" 'tools_suite'
    contains "$(psql -X -c '\conninfo')" "$PGUSER"
    contains "$(psql -X -c '\sf pg_catalog.pg_relation_size(regclass)')" 'pg_relation_size'
}

psql_is_interrupted() {
    psql -X -c 'select pg_sleep(30)' >"$work/out" 2>&1 &
    local pid=$!
    for _ in $(seq 100); do
        [[ $(sql -c "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'") == 0 ]] || break
    done
    kill -INT "$pid"
    if wait "$pid"; then return 1; fi
    for _ in $(seq 200); do
        [[ $(sql -c "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'") != 0 ]] || return 0
    done
    echo 'the statement goes on on the server'
    return 1
}

pgbench_in_every_mode() {
    pgbench -i -q -s 1 >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
    local mode script
    for mode in simple extended prepared; do
        run_pgbench -M "$mode" -n -c 8 -j 2 -t 100
        run_pgbench -M "$mode" -n -S -c 16 -j 2 -t 100
        run_pgbench -M "$mode" -n -f "$here/transaction.pgbench" -c 8 -j 2 -t 50
    done
    for mode in extended prepared; do
        run_pgbench -M "$mode" -n -f "$here/pipeline.pgbench" -c 8 -j 2 -t 50
    done
    run_pgbench -n -S -C -c 4 -j 2 -t 10
    equal "$(sql -c 'select sum(abalance) = (select sum(delta) from pgbench_history) and (select count(*) from pgbench_history) = 2400 from pgbench_accounts')" t
    equal "$(sql -c 'select sum(n) from tools_suite.counters')" 2000
    pgbench -i -I d >"$work/out" 2>&1
}

run_pgbench() {
    pgbench "$@" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
    contains "$(cat "$work/out")" 'number of failed transactions: 0 (0.000%)'
}

pg_dump_and_pg_restore_round_trip() {
    sql -f "$here/objects.sql" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
    pg_dump -n dumped -f "$work/before.sql"
    pg_dump -n dumped --inserts -f "$work/before.inserts.sql"
    pg_dump -n dumped -Fc -f "$work/dump"
    pg_dump -n dumped -Fd -j 3 -f "$work/folder"
    local before after
    before=$(sql -f "$here/compare.sql")
    for restore in "pg_restore -d $PGDATABASE $work/dump" "pg_restore -j 3 -d $PGDATABASE $work/folder" "psql -X -q -v ON_ERROR_STOP=1 -1 -f $work/before.inserts.sql"; do
        sql -c 'drop schema dumped cascade' >"$work/out" 2>&1
        $restore >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
        after=$(sql -f "$here/compare.sql")
        equal "$after" "$before"
    done
    pg_dump -n dumped -f "$work/after.sql"
    # \restrict carries a random key.
    diff <(grep -v '^.\(un\)\?restrict' "$work/before.sql") <(grep -v '^.\(un\)\?restrict' "$work/after.sql") | head -20
    sql -c 'drop schema dumped cascade' >"$work/out" 2>&1
}

leave_nothing_behind() {
    sql -c 'drop schema tools_suite cascade' >"$work/out" 2>&1
}

for check in prepare_schema psql_runs_a_script_with_variables_transactions_and_settings psql_pipelines \
    psql_single_transaction_and_fetch_count psql_copies_both_ways psql_describes psql_is_interrupted pgbench_in_every_mode \
    pg_dump_and_pg_restore_round_trip leave_nothing_behind; do
    since=$(date +%s%N)
    # Not in a condition: there bash would ignore the failures inside.
    set +e
    (set -e; $check) >"$work/check" 2>&1
    status=$?
    set -e
    if ((status != 0)); then
        echo "FAILED $check"
        cat "$work/check"
        exit 1
    fi
    echo "ok $check ($((($(date +%s%N) - since) / 1000000)) ms)"
done
