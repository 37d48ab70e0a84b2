"""psycopg 3 (libpq) against a PostgreSQL port: one function per behaviour, first failure ends the run."""
import asyncio
import datetime as dt
import decimal
import ipaddress
import threading
import time
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

import checks
from checks import equal, true

SCHEMA = "psycopg_suite"
PARAMS = dict(host=checks.HOST, port=checks.PORT, user=checks.USER, password=checks.PASSWORD,
              dbname=checks.DATABASE, sslmode="disable", connect_timeout=60)


def connect(autocommit=True, **more):
    return psycopg.connect(**{**PARAMS, **more}, autocommit=autocommit)


def expect(error, action):
    try:
        action()
    except error as e:
        return e
    raise AssertionError(f"no {error.__name__} was raised")


def prepare_schema():
    with connect() as c:
        c.execute(f"drop schema if exists {SCHEMA} cascade")
        c.execute(f"create schema {SCHEMA}")
        c.execute(f"create table {SCHEMA}.items (id int primary key, name text, amount numeric(20,4), at timestamptz, body bytea)")


VALUES = [
    ("bool", True), ("int2", -32768), ("int4", 2**31 - 1), ("int8", -2**63), ("float8", 1.5e300),
    ("numeric", decimal.Decimal("-12345678901234567890.123456789")), ("text", "žluťoučký 🐘 \\ ' \""),
    ("text", ""), ("bytea", bytes(range(256))), ("date", dt.date(2024, 2, 29)),
    ("timestamp", dt.datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ("timestamptz", dt.datetime(2024, 2, 29, 12, 0, tzinfo=dt.timezone.utc)),
    ("time", dt.time(23, 59, 59, 1)), ("interval", dt.timedelta(days=3, seconds=4, microseconds=5)),
    ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")), ("inet", ipaddress.ip_address("2001:db8::1")),
    ("int4[]", [1, None, 3]), ("text[]", ["a,b", None, '"q"', ""]), ("int4range", Range(1, 10, "[)")), ("text", None),
]


def types_round_trip_in_text_and_binary():
    with connect() as c:
        for binary in (False, True):
            cur = c.cursor(binary=binary)
            for type_name, value in VALUES:
                placeholder = "%b" if binary else "%s"
                got = cur.execute(f"select {placeholder}::{type_name}", (value,)).fetchone()[0]
                equal(got, value)
            equal(cur.execute("select %s::jsonb", (Jsonb({"a": [1, {"b": None}]}),)).fetchone()[0], {"a": [1, {"b": None}]})
            equal(cur.execute("select null::int, 'x'::text where false").fetchall(), [])
        cur = c.cursor(row_factory=dict_row)
        equal(cur.execute("select 1 as a, 'two' as b").fetchone(), {"a": 1, "b": "two"})


def client_side_cursor_with_several_statements():
    with connect() as c:
        cur = psycopg.ClientCursor(c)
        cur.execute("select 1; select 'two'; select %s", ("three",))
        rows = [cur.fetchone()[0]]
        while cur.nextset():
            rows.append(cur.fetchone()[0])
        equal(rows, [1, "two", "three"])
        raw = psycopg.RawCursor(c)
        equal(raw.execute("select $1::int + $2::int", (40, 2)).fetchone(), (42,))


def prepared_past_the_threshold_with_equal_names_and_different_texts():
    # psycopg names its statements _pg3_0, _pg3_1, ...: each connection gives the same name to another text.
    connections = [connect(prepare_threshold=1) for _ in range(6)]
    try:
        for round_number in range(12):
            for n, c in enumerate(connections):
                got = c.execute(f"select {n} as connection, %s::int * {n + 1}, 'text of {n}'", (round_number,)).fetchone()
                equal(got, (n, round_number * (n + 1), f"text of {n}"))
        threads, wrong = [], []

        def work(n, c):
            for i in range(150):
                got = c.execute(f"select {n} as connection, %s::int * {n + 1}, 'text of {n}'", (i,)).fetchone()
                if got != (n, i * (n + 1), f"text of {n}"):
                    wrong.append(got)
        for n, c in enumerate(connections):
            threads.append(threading.Thread(target=work, args=(n, c)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        equal(wrong, [])
    finally:
        for c in connections:
            c.close()


def more_statements_than_psycopg_keeps_prepared():
    with connect(prepare_threshold=0) as c:
        c.prepared_max = 5  # the oldest is deallocated when the sixth comes
        for turn in range(3):
            for n in range(20):
                equal(c.execute(f"select %s::int + {n}", (turn,)).fetchone(), (turn + n,))


def prepared_statement_survives_ddl():
    with connect(prepare_threshold=0) as c:
        c.execute(f"drop table if exists {SCHEMA}.ddl")
        c.execute(f"create table {SCHEMA}.ddl (a int)")
        c.execute(f"insert into {SCHEMA}.ddl values (1)")
        for _ in range(8):
            c.execute(f"select a from {SCHEMA}.ddl where a = %s", (1,)).fetchall()
        c.execute(f"alter table {SCHEMA}.ddl add b text default 'new'")
        equal(c.execute(f"select a, b from {SCHEMA}.ddl where a = %s", (1,)).fetchall(), [(1, "new")])
        c.execute(f"alter table {SCHEMA}.ddl drop b")
        equal(c.execute(f"select a from {SCHEMA}.ddl where a = %s", (1,)).fetchall(), [(1,)])


def pipeline_mode():
    with connect() as c:
        with c.pipeline():
            cursors = [c.execute("select %s::int", (i,)) for i in range(300)]
            equal([cur.fetchone()[0] for cur in cursors], list(range(300)))
        with c.pipeline() as p:
            a = c.execute("select 1")
            p.sync()
            b = c.execute("select 2")
            equal((a.fetchone(), b.fetchone()), ((1,), (2,)))

        def aborted():
            with c.pipeline():
                c.execute("select 1")
                c.execute("select 1 / %s", (0,))
                c.execute("select 2")
        expect(psycopg.errors.DivisionByZero, aborted)
        equal(c.execute("select 3").fetchone(), (3,))
        with c.transaction():
            with c.pipeline():
                c.cursor().executemany(f"insert into {SCHEMA}.items (id, name) values (%s, %s)", [(i, f"n{i}") for i in range(1000)])
        equal(c.execute(f"select count(*), sum(id) from {SCHEMA}.items").fetchone(), (1000, 499500))
        cur = c.cursor()
        cur.executemany(f"update {SCHEMA}.items set amount = %s where id = %s returning id", [(i / 2, i) for i in range(5)], returning=True)
        returned = [cur.fetchone()[0]]
        while cur.nextset():
            returned.append(cur.fetchone()[0])
        equal(returned, [0, 1, 2, 3, 4])
        c.execute(f"truncate {SCHEMA}.items")


def copy_in_and_out():
    rows = [(i, f"tab\there {i}\n\\.", decimal.Decimal(i) / 4, None, bytes([i % 256]) * (i % 50)) for i in range(5000)]
    with connect() as c:
        cur = c.cursor()
        with cur.copy(f"copy {SCHEMA}.items (id, name, amount, at, body) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        equal(cur.statusmessage, "COPY 5000")
        with cur.copy(f"copy (select id, name, amount, at, body from {SCHEMA}.items order by id) to stdout") as copy:
            copy.set_types(["int4", "text", "numeric", "timestamptz", "bytea"])
            equal(list(copy.rows()), rows)
        c.execute(f"truncate {SCHEMA}.items")
        with cur.copy(f"copy {SCHEMA}.items (id, name) from stdin (format binary)") as copy:
            copy.set_types(["int4", "text"])
            for i in range(1000):
                copy.write_row((i, f"b{i}"))
        with cur.copy(f"copy (select id, name from {SCHEMA}.items order by id) to stdout (format binary)") as copy:
            copy.set_types(["int4", "text"])
            equal(list(copy.rows()), [(i, f"b{i}") for i in range(1000)])

        def bad_row():
            with cur.copy(f"copy {SCHEMA}.items (id, name) from stdin") as copy:
                copy.write("not a number\tx\n")
        expect(psycopg.errors.InvalidTextRepresentation, bad_row)

        def given_up():
            with cur.copy(f"copy {SCHEMA}.items (id, name) from stdin") as copy:
                copy.write("1000000\tx\n")
                raise ZeroDivisionError
        expect(ZeroDivisionError, given_up)

        def not_wanted():
            with cur.copy("copy (select generate_series(1, 2000000)) to stdout") as copy:
                copy.read()
                raise ZeroDivisionError  # the rest is not wanted: psycopg cancels the query
        expect(ZeroDivisionError, not_wanted)
        equal(c.execute(f"select count(*) from {SCHEMA}.items").fetchone(), (1000,))
        c.execute(f"truncate {SCHEMA}.items")


def server_side_cursors():
    with connect(autocommit=False) as c:
        with c.cursor("numbers") as cur:
            cur.itersize = 100
            cur.execute("select generate_series(1, %s)", (1050,))
            equal(cur.fetchmany(3), [(1,), (2,), (3,)])
            equal(sum(row[0] for row in cur), sum(range(4, 1051)))
        with c.cursor("scrolled", scrollable=True) as cur:
            cur.execute("select generate_series(1, 100)")
            cur.scroll(50, mode="absolute")
            equal(cur.fetchone(), (51,))
            cur.scroll(-10)
            equal(cur.fetchone(), (42,))
        c.commit()
    with connect() as c:
        with c.cursor("held", withhold=True) as cur:
            cur.execute("select generate_series(1, 10)")
            equal(cur.fetchmany(2), [(1,), (2,)])
            equal(c.execute("select 7").fetchone(), (7,))
            equal(cur.fetchmany(2), [(3,), (4,)])
        equal([row[0] for row in c.cursor().stream("select generate_series(1, 500)")], list(range(1, 501)))


def transactions_with_errors_and_savepoints():
    with connect() as c:
        with c.transaction():
            c.execute(f"insert into {SCHEMA}.items (id, name) values (1, 'kept')")

            def inner():
                with c.transaction():
                    c.execute(f"insert into {SCHEMA}.items (id, name) values (2, 'undone')")
                    c.execute(f"insert into {SCHEMA}.items (id, name) values (1, 'twice')")
            error = expect(psycopg.errors.UniqueViolation, inner)
            equal(error.diag.constraint_name, "items_pkey")
            equal(error.sqlstate, "23505")
            with c.transaction():
                c.execute(f"insert into {SCHEMA}.items (id, name) values (3, 'kept')")
        equal(c.execute(f"select id from {SCHEMA}.items order by id").fetchall(), [(1,), (3,)])

        def undone():
            with c.transaction():
                c.execute(f"delete from {SCHEMA}.items")
                raise ZeroDivisionError
        expect(ZeroDivisionError, undone)
        equal(c.execute(f"select count(*) from {SCHEMA}.items").fetchone(), (2,))
        c.execute(f"truncate {SCHEMA}.items")
    with connect(autocommit=False) as c:
        expect(psycopg.errors.DivisionByZero, lambda: c.execute("select 1/0"))
        expect(psycopg.errors.InFailedSqlTransaction, lambda: c.execute("select 1"))
        equal(c.info.transaction_status, psycopg.pq.TransactionStatus.INERROR)
        c.rollback()
        c.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        equal(c.execute("show transaction_isolation").fetchone(), ("serializable",))
        c.rollback()
        c.isolation_level = None
        c.read_only = True
        expect(psycopg.errors.ReadOnlySqlTransaction, lambda: c.execute(f"insert into {SCHEMA}.items values (9)"))
        c.rollback()


def cancel_of_a_sleeping_statement():
    with connect() as victim, connect() as bystander:
        safe = bystander.execute("select 'untouched'")
        for way in (victim.cancel, lambda: victim.cancel_safe(timeout=60)):
            timer = threading.Timer(1.5, way)
            since = time.monotonic()
            timer.start()
            expect(psycopg.errors.QueryCanceled, lambda: victim.execute("select pg_sleep(300)"))
            true(time.monotonic() - since < 100, "the cancel came late")
            timer.join()
            equal(victim.execute("select 1").fetchone(), (1,))
        equal(safe.fetchone(), ("untouched",))
        victim.execute("set statement_timeout = '100ms'")
        expect(psycopg.errors.QueryCanceled, lambda: victim.execute("select pg_sleep(300)"))


def large_values():
    big = bytes(range(256)) * (16 * 4096)  # 16 MiB
    with connect() as c:
        equal(c.execute("select length(%b::bytea), md5(%b::bytea)", (big, b"")).fetchone()[0], len(big))
        equal(bytes(c.execute("select %b::bytea", (big,)).fetchone()[0]) == big, True)
        text = "č" * (4 << 20)
        equal(c.execute("select %s::text", (text,)).fetchone()[0] == text, True)
        equal(len(c.execute("select repeat('x', 33554432)").fetchone()[0]), 33554432)
        equal(c.execute("select count(*), sum(length(v)) from unnest(%s::text[]) v", (["y" * 100] * 20000,)).fetchone(), (20000, 2000000))


def settings_stay_with_their_connection():
    with connect(options="-c app.start=given") as a, connect() as b, connect() as holder:
        equal(a.execute("show app.start").fetchone(), ("given",))
        a.execute("set time zone 'Asia/Tokyo'")
        a.execute(f"set search_path to {SCHEMA}, public")
        a.execute("select set_config('app.client', 'a', false)")
        b.execute("set time zone 'America/Lima'")
        for _ in range(5):
            with holder.transaction():
                holder.execute("select 1")
                equal(a.execute("show time zone").fetchone(), ("Asia/Tokyo",))
                equal(b.execute("show timezone").fetchone(), ("America/Lima",))
                equal(a.execute("select current_setting('app.client'), count(*) from items").fetchone(), ("a", 0))
                equal(b.execute("select current_setting('app.client', true)").fetchone()[0] in (None, ""), True)
        equal(a.info.parameter_status("TimeZone"), "Asia/Tokyo")
        equal(b.info.parameter_status("TimeZone"), "America/Lima")
        with a.transaction(force_rollback=True):
            a.execute("set local time zone 'UTC'")
            a.execute("set application_name = 'undone'")
            equal(a.execute("show time zone").fetchone(), ("UTC",))
        equal(a.execute("show time zone").fetchone(), ("Asia/Tokyo",))
        true(a.execute("show application_name").fetchone() != ("undone",), "a rolled back SET stayed")
        equal(a.execute("select %s::timestamptz", (dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc),)).fetchone()[0].utcoffset(), dt.timedelta(hours=9))
        a.execute("reset all")
        expect(psycopg.errors.UndefinedTable, lambda: a.execute("select count(*) from items"))


def notices_and_notifications():
    with connect() as c, connect() as other:
        notices = []
        c.add_notice_handler(lambda diag: notices.append((diag.severity, diag.message_primary)))
        c.execute("do $$ begin raise notice 'hello %', 1; raise warning 'careful'; end $$")
        equal(notices, [("NOTICE", "hello 1"), ("WARNING", "careful")])
        c.execute("listen psycopg_channel")
        other.execute("select pg_notify('psycopg_channel', 'payload')")
        got = next(c.notifies(timeout=60))
        equal((got.channel, got.payload), ("psycopg_channel", "payload"))
        c.execute("unlisten *")


def tls_with_scram_and_channel_binding():
    tls = dict(sslmode="verify-full", sslrootcert=checks.CA_FILE, channel_binding="require")
    with connect(**tls) as c:
        equal(c.pgconn.ssl_in_use, True)
        equal(c.execute("select %s::int", (42,)).fetchone(), (42,))
        equal(len(c.execute("select repeat('t', 5000000)").fetchone()[0]), 5000000)
        threading.Timer(1.5, lambda: c.cancel_safe(timeout=60)).start()
        expect(psycopg.errors.QueryCanceled, lambda: c.execute("select pg_sleep(300)"))
    wrong = expect(psycopg.OperationalError, lambda: connect(**{**tls, "password": "wrong"}))
    true("password authentication failed" in str(wrong), str(wrong))


async def asyncio_interface():
    async def one(n):
        async with await psycopg.AsyncConnection.connect(**PARAMS, autocommit=True, prepare_threshold=1) as c:
            await c.execute("select set_config('app.client', %s, false)", (str(n),))
            for i in range(30):
                cur = await c.execute("select %s::int, current_setting('app.client')", (i,))
                equal(await cur.fetchone(), (i, str(n)))
            async with c.pipeline():
                cursors = [await c.execute("select %s::int", (i,)) for i in range(20)]
                equal([(await cur.fetchone())[0] for cur in cursors], list(range(20)))
            async with c.transaction():
                async with c.cursor("numbers") as cur:
                    await cur.execute("select generate_series(1, 250)")
                    equal(len(await cur.fetchall()), 250)
    await asyncio.gather(*(one(n) for n in range(20)))
    async with await psycopg.AsyncConnection.connect(**PARAMS, autocommit=True) as c:
        task = asyncio.create_task(c.execute("select pg_sleep(300)"))
        await asyncio.sleep(1.5)
        task.cancel()
        try:
            await task
            raise AssertionError("the task was not cancelled")
        except (asyncio.CancelledError, psycopg.errors.QueryCanceled):
            pass
        cur = await c.execute("select 5")
        equal(await cur.fetchone(), (5,))


def asyncio_clients():
    asyncio.run(asyncio_interface())


def many_connections():
    connections = [connect() for _ in range(60)]
    try:
        for turn in range(3):
            for n, c in enumerate(connections):
                equal(c.execute("select %s::int", (n + turn,)).fetchone(), (n + turn,))
    finally:
        for c in connections:
            c.close()


def leave_nothing_behind():
    with connect() as c:
        c.execute(f"drop schema {SCHEMA} cascade")


checks.run([
    prepare_schema, types_round_trip_in_text_and_binary, client_side_cursor_with_several_statements,
    prepared_past_the_threshold_with_equal_names_and_different_texts, more_statements_than_psycopg_keeps_prepared,
    prepared_statement_survives_ddl, pipeline_mode, copy_in_and_out, server_side_cursors,
    transactions_with_errors_and_savepoints, cancel_of_a_sleeping_statement, large_values,
    settings_stay_with_their_connection, notices_and_notifications, tls_with_scram_and_channel_binding, asyncio_clients, many_connections, leave_nothing_behind,
])
