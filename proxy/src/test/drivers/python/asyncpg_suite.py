"""asyncpg against a PostgreSQL port: one coroutine per behaviour, first failure ends the run."""
import asyncio
import datetime as dt
import decimal
import io
import ipaddress
import json
import ssl
import time
import uuid

import asyncpg

import checks
from checks import equal, true

SCHEMA = "asyncpg_suite"
PARAMS = dict(host=checks.HOST, port=checks.PORT, user=checks.USER, password=checks.PASSWORD,
              database=checks.DATABASE, timeout=60)


class Connection:
    """A connection for one `async with`."""

    def __init__(self, **more):
        self.more = more

    async def __aenter__(self):
        self.connection = await asyncpg.connect(**{**PARAMS, "ssl": False, **self.more})
        return self.connection

    async def __aexit__(self, *_):
        await self.connection.close(timeout=60)


async def expect(error, awaitable):
    try:
        await awaitable
    except error as e:
        return e
    raise AssertionError(f"no {error.__name__} was raised")


async def prepare_schema():
    async with Connection() as c:
        await c.execute(f"""
            drop schema if exists {SCHEMA} cascade;
            create schema {SCHEMA};
            create table {SCHEMA}.items (id int primary key, name text, amount numeric, at timestamptz, body bytea);
            create type {SCHEMA}.mood as enum ('sad', 'ok');
            create type {SCHEMA}.pair as (x int, y text);
        """)


async def types_round_trip():
    values = [
        ("bool", True), ("int2", -32768), ("int4", 2**31 - 1), ("int8", -2**63), ("float8", 1.5e300), ("float4", 0.25),
        ("numeric", decimal.Decimal("-12345678901234567890.123456789")), ("text", "žluťoučký 🐘"), ("text", ""), ("text", None),
        ("bytea", bytes(range(256))), ("date", dt.date(2024, 2, 29)), ("timestamp", dt.datetime(2024, 2, 29, 23, 59, 59, 999999)),
        ("timestamptz", dt.datetime(2024, 2, 29, 12, 0, tzinfo=dt.timezone.utc)), ("time", dt.time(23, 59, 59, 1)),
        ("interval", dt.timedelta(days=3, seconds=4, microseconds=5)), ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
        ("inet", ipaddress.ip_address("2001:db8::1")), ("int4[]", [1, None, 3]), ("int4[]", [[1, 2], [3, 4]]),
        ("text[]", ["a,b", None, '"q"']), ("int4range", asyncpg.Range(1, 10)), ("point", asyncpg.Point(1.5, 2)),
        ("bit(3)", asyncpg.BitString("101")), ("json", json.dumps({"a": 1})), (f"{SCHEMA}.mood", "ok"), (f"{SCHEMA}.pair", (1, "y")),
    ]
    async with Connection() as c:
        for type_name, value in values:
            got = await c.fetchval(f"select $1::{type_name}", value)
            equal(tuple(got) if isinstance(value, tuple) else got, value)
        await c.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        equal(await c.fetchval("select $1::jsonb", {"a": [1, {"b": None}]}), {"a": [1, {"b": None}]})
        row = await c.fetchrow("select 1 as a, 'two' as b")
        equal(dict(row), {"a": 1, "b": "two"})
        equal(await c.fetch("select 1 where false"), [])
        equal(await c.execute("select 1; select 2"), "SELECT 1")


async def clients_that_look_up_types_keep_no_backend():
    # asyncpg turns jit off while it asks for a type that it does not know, and on again: set_config with a value that is bound.
    connections = [await asyncpg.connect(**PARAMS, ssl=False) for _ in range(20)]
    try:
        for _ in range(2):
            for c in connections:
                equal(await c.fetchval(f"select $1::{SCHEMA}.mood", "ok"), "ok")
                equal(await c.fetchval("show jit"), "on")
    finally:
        for c in connections:
            await c.close(timeout=60)


async def statement_cache_with_equal_names_and_different_texts():
    # Every connection counts its own __asyncpg_stmt_1__, _2__, ...: the same name means another text on each.
    async def one(n):
        async with Connection(statement_cache_size=5) as c:
            for i in range(60):
                row = await c.fetchrow(f"select {n} as connection, $1::int * {n + 1}, 'text of {i % 9}'", i)
                equal(tuple(row), (n, i * (n + 1), f"text of {i % 9}"))
    await asyncio.gather(*(one(n) for n in range(20)))


async def prepared_statements_kept_by_hand():
    async with Connection() as a, Connection() as b:
        of_a = await a.prepare("select $1::int + 1", name="same_name")
        of_b = await b.prepare("select $1::text || 'b'", name="same_name")
        for i in range(20):
            equal(await of_a.fetchval(i), i + 1)
            equal(await of_b.fetchval(str(i)), f"{i}b")
        equal([p.name for p in of_a.get_parameters()], ["int4"])
        equal([p.name for p in of_b.get_parameters()], ["text"])
        equal([tuple(r) for r in await of_a.fetchmany([(1,), (2,)])], [(2,), (3,)])


async def prepared_statement_survives_ddl():
    async with Connection() as c, Connection() as other:
        await c.execute(f"create table {SCHEMA}.ddl (a int); insert into {SCHEMA}.ddl values (1)")
        for _ in range(5):
            equal([tuple(r) for r in await c.fetch(f"select * from {SCHEMA}.ddl where a = $1", 1)], [(1,)])
        await other.execute(f"alter table {SCHEMA}.ddl add b text default 'new'")
        # asyncpg sees 0A000 "cached plan must not change result type" or a changed row, and describes the statement again.
        equal([tuple(r) for r in await c.fetch(f"select * from {SCHEMA}.ddl where a = $1", 1)], [(1, "new")])


async def batches():
    async with Connection() as c:
        await c.executemany(f"insert into {SCHEMA}.items (id, name) values ($1, $2)", [(i, f"n{i}") for i in range(3000)])
        equal(tuple(await c.fetchrow(f"select count(*), sum(id) from {SCHEMA}.items")), (3000, 4498500))
        error = await expect(asyncpg.UniqueViolationError, c.executemany(
            f"insert into {SCHEMA}.items (id, name) values ($1, $2)", [(3000, "new"), (0, "twice")]))
        equal(error.constraint_name, "items_pkey")
        equal(await c.fetchval(f"select count(*) from {SCHEMA}.items"), 3000)  # a batch is atomic
        returned = await c.fetchmany(f"update {SCHEMA}.items set amount = $1 where id = $2 returning id", [(1, i) for i in range(5)])
        equal([r["id"] for r in returned], [0, 1, 2, 3, 4])
        await c.execute(f"truncate {SCHEMA}.items")


async def copy_in_and_out():
    rows = [(i, f"tab\there {i}\n\\.", decimal.Decimal(i) / 4, None, bytes([i % 256]) * (i % 50)) for i in range(5000)]
    async with Connection() as c:
        equal(await c.copy_records_to_table("items", schema_name=SCHEMA, records=rows), "COPY 5000")
        equal([tuple(r) for r in await c.fetch(f"select * from {SCHEMA}.items order by id")], rows)
        out = io.BytesIO()
        await c.copy_from_query(f"select id, name from {SCHEMA}.items where id < $1 order by id", 10, output=out, format="csv")
        text = out.getvalue()
        equal(text.count(b"\\."), 10)
        await c.execute(f"truncate {SCHEMA}.items")
        equal(await c.copy_to_table("items", schema_name=SCHEMA, source=io.BytesIO(text), columns=["id", "name"], format="csv"), "COPY 10")
        out = io.BytesIO()
        equal(await c.copy_from_table("items", schema_name=SCHEMA, output=out, format="binary"), "COPY 10")
        true(out.getvalue().startswith(b"PGCOPY\n"), "not a binary copy")
        await expect(asyncpg.UniqueViolationError, c.copy_records_to_table("items", schema_name=SCHEMA, records=[(1,)], columns=["id"]))
        equal(await c.fetchval(f"select count(*) from {SCHEMA}.items"), 10)
        await c.execute(f"truncate {SCHEMA}.items")


async def cursors_in_transactions():
    async with Connection() as c:
        async with c.transaction():
            seen = [r[0] async for r in c.cursor("select generate_series(1, $1::int)", 1050, prefetch=100)]
            equal(seen, list(range(1, 1051)))
            cursor = await c.cursor("select generate_series(1, 100)")
            equal([r[0] for r in await cursor.fetch(3)], [1, 2, 3])
            await cursor.forward(10)
            equal((await cursor.fetchrow())[0], 14)


async def transactions_with_errors_and_savepoints():
    async with Connection() as c:
        async with c.transaction():
            await c.execute(f"insert into {SCHEMA}.items (id, name) values ($1, 'kept')", 1)

            async def inner():
                async with c.transaction():
                    await c.execute(f"insert into {SCHEMA}.items (id, name) values (2, 'undone')")
                    await c.execute(f"insert into {SCHEMA}.items (id, name) values ($1, 'twice')", 1)
            await expect(asyncpg.UniqueViolationError, inner())
            await c.execute(f"insert into {SCHEMA}.items (id, name) values ($1, 'kept')", 3)
        equal([r["id"] for r in await c.fetch(f"select id from {SCHEMA}.items order by id")], [1, 3])
        transaction = c.transaction(isolation="serializable", readonly=True)
        await transaction.start()
        equal(await c.fetchval("show transaction_isolation"), "serializable")
        await expect(asyncpg.ReadOnlySQLTransactionError, c.execute(f"delete from {SCHEMA}.items"))
        await expect(asyncpg.InFailedSQLTransactionError, c.fetchval("select 1"))
        await transaction.rollback()
        equal(await c.fetchval(f"select count(*) from {SCHEMA}.items"), 2)


async def cancel_by_timeout_and_by_task():
    async with Connection() as c, Connection() as bystander:
        since = time.monotonic()
        await expect(asyncio.TimeoutError, c.fetch("select pg_sleep(300)", timeout=1.5))
        true(time.monotonic() - since < 100, "the cancel came late")
        equal(await c.fetchval("select 1"), 1)
        task = asyncio.create_task(c.fetch("select pg_sleep(300)"))
        await asyncio.sleep(1.5)
        task.cancel()
        await expect(asyncio.CancelledError, task)
        equal(await c.fetchval("select $1::int", 2), 2)
        slow = asyncio.create_task(bystander.fetchval("select 'untouched' from pg_sleep(1)"))
        for _ in range(3):
            await expect(asyncio.TimeoutError, c.fetch("select pg_sleep(300)", timeout=0.5))
        equal(await slow, "untouched")


async def large_values():
    big = bytes(range(256)) * (16 * 4096)  # 16 MiB
    async with Connection() as c:
        equal(await c.fetchval("select $1::bytea", big) == big, True)
        equal(len(await c.fetchval("select repeat('x', 33554432)")), 33554432)
        equal(tuple(await c.fetchrow("select count(*), sum(length(v)) from unnest($1::text[]) v", ["y" * 100] * 20000)), (20000, 2000000))


async def settings_stay_with_their_connection():
    async with Connection(server_settings={"app.start": "given", "application_name": "a"}) as a, Connection() as b, Connection() as holder:
        equal(await a.fetchval("select current_setting('app.start')"), "given")
        await a.execute("set time zone 'Asia/Tokyo'")
        await a.execute(f"set search_path to {SCHEMA}, public")
        await a.execute("select set_config('app.client', $1, false)", "a")
        await b.execute("set time zone 'America/Lima'")
        for _ in range(5):
            async with holder.transaction():
                await holder.fetchval("select 1")
                equal(await a.fetchval("show time zone"), "Asia/Tokyo")
                equal(await b.fetchval("show timezone"), "America/Lima")
                equal(await a.fetchval("select current_setting('app.client')"), "a")
                equal(await a.fetchval("show application_name"), "a")
                true(isinstance(await a.fetchval("select count(*) from items"), int), "search_path is lost")
        equal(a.get_settings().TimeZone, "Asia/Tokyo")
        transaction = a.transaction()
        await transaction.start()
        await a.execute("set local time zone 'UTC'")
        await a.execute("set application_name = 'undone'")
        equal(await a.fetchval("show time zone"), "UTC")
        await transaction.rollback()
        equal(await a.fetchval("show time zone"), "Asia/Tokyo")
        equal(await a.fetchval("show application_name"), "a")
        await a.reset()  # what a pool does when a connection comes back
        await expect(asyncpg.UndefinedTableError, a.fetchval("select count(*) from items"))


async def pool_of_connections():
    async with asyncpg.create_pool(**PARAMS, ssl=False, min_size=2, max_size=20) as pool:
        async def work(n):
            for i in range(10):
                async with pool.acquire() as c:
                    async with c.transaction():
                        await c.execute("select set_config('app.client', $1, true)", f"{n}-{i}")
                        equal(await c.fetchval("select current_setting('app.client')"), f"{n}-{i}")
                equal(await pool.fetchval("select $1::int + $2::int", n, i), n + i)
        await asyncio.gather(*(work(n) for n in range(60)))


async def notifications_and_notices():
    async with Connection() as c, Connection() as other:
        heard, said = asyncio.get_running_loop().create_future(), []
        c.add_log_listener(lambda _, message: said.append(message.message))
        await c.add_listener("asyncpg_channel", lambda _c, _pid, channel, payload: heard.set_result((channel, payload)))
        await other.execute("notify asyncpg_channel, 'payload'")
        equal(await asyncio.wait_for(heard, 10), ("asyncpg_channel", "payload"))
        await c.execute("do $$ begin raise notice 'hello'; end $$")
        await asyncio.sleep(0)
        equal(said, ["hello"])


async def tls_with_scram():
    context = ssl.create_default_context(cafile=checks.CA_FILE)
    context.set_alpn_protocols(["postgresql"])  # direct TLS, which PostgreSQL has since 17, insists on it
    async with Connection() as c:
        direct = c.get_server_version().major >= 17
    for more in [dict(ssl=context)] + [dict(ssl=context, direct_tls=True)] * direct:
        async with Connection(**more) as c:
            equal(await c.fetchval("select $1::int", 42), 42)
            equal(len(await c.fetchval("select repeat('t', 5000000)")), 5000000)
            await expect(asyncio.TimeoutError, c.fetch("select pg_sleep(300)", timeout=1.5))
            equal(await c.fetchval("select 1"), 1)
        if "direct_tls" not in more:
            await expect(asyncpg.InvalidPasswordError, asyncpg.connect(**{**PARAMS, **more, "password": "wrong"}))


async def leave_nothing_behind():
    async with Connection() as c:
        await c.execute(f"drop schema {SCHEMA} cascade")


asyncio.run(checks.run_async([
    prepare_schema, types_round_trip, clients_that_look_up_types_keep_no_backend, statement_cache_with_equal_names_and_different_texts, prepared_statements_kept_by_hand,
    prepared_statement_survives_ddl, batches, copy_in_and_out, cursors_in_transactions, transactions_with_errors_and_savepoints,
    cancel_by_timeout_and_by_task, large_values, settings_stay_with_their_connection, pool_of_connections,
    notifications_and_notices, tls_with_scram, leave_nothing_behind,
]))
