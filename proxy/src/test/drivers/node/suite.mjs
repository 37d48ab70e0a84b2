// node-postgres against a PostgreSQL port: one function per behaviour, first failure ends the run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

const SCHEMA = 'node_suite';
const server = {
  host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER,
  password: process.env.PGPASSWORD, database: process.env.PGDATABASE, ssl: false, connectionTimeoutMillis: 20000,
};
const ca = readFileSync(process.env.PGSSLROOTCERT, 'utf8');

async function withClients(count, work, options = {}) {
  const clients = [];
  try {
    for (let n = 0; n < count; n++) {
      const client = new pg.Client({ ...server, ...options });
      await client.connect();
      clients.push(client);
    }
    return await work(...clients);
  } finally {
    await Promise.all(clients.map(client => client.end()));
  }
}

const value = async (client, text, values) => Object.values((await client.query(text, values)).rows[0])[0];
const fails = (code, promise) => assert.rejects(promise, error => { assert.equal(error.code, code); return true; });

async function prepareSchema() {
  await withClients(1, async c => {
    await c.query(`drop schema if exists ${SCHEMA} cascade; create schema ${SCHEMA};
      create table ${SCHEMA}.items (id int primary key, name text, amount numeric, at timestamptz, body bytea)`);
  });
}

async function typesRoundTripInTextAndBinary() {
  const values = [
    ['bool', true], ['int4', 2 ** 31 - 1], ['int8', '-9223372036854775808'], ['float8', 1.5e300],
    ['numeric', '-12345678901234567890.123456789'], ['text', 'žluťoučký 🐘 \\ \' "'], ['text', ''], ['text', null],
    ['bytea', Buffer.from([...Array(256).keys()])], ['timestamptz', new Date('2024-02-29T12:00:00.123Z')],
    ['uuid', '12345678-1234-5678-1234-567812345678'], ['int4[]', [1, null, 3]], ['text[]', ['a,b', null, '"q"']],
    ['jsonb', { a: [1, { b: null }] }],
  ];
  await withClients(1, async c => {
    for (const [type, expected] of values) {
      assert.deepEqual(await value(c, `select $1::${type}`, [expected]), expected);
    }
    // node-postgres reads binary values as UTF-8, so only those that are ASCII come through it whole.
    for (const [type, expected] of [['int4', 42], ['bool', true], ['text', 'ascii']]) {
      const got = await c.query({ text: `select $1::${type} as v`, values: [expected], binary: true });
      assert.deepEqual(got.rows[0].v, expected);
    }
    const several = await c.query("select 1 as a; select 'two' as b; create temp table if not exists t (a int); drop table t");
    assert.deepEqual(several.map(r => r.command), ['SELECT', 'SELECT', 'CREATE', 'DROP']);
    const asArrays = await c.query({ text: 'select 1, 2 where false', rowMode: 'array' });
    assert.deepEqual(asArrays.rows, []);
  });
}

async function namedStatementsOfEqualNameAndDifferentTexts() {
  await withClients(6, async (...clients) => {
    await Promise.all(clients.map(async (c, n) => {
      for (let i = 0; i < 60; i++) {
        const got = await c.query({ name: 'same_name', text: `select ${n} as connection, $1::int * ${n + 1} as product`, values: [i] });
        assert.deepEqual(got.rows[0], { connection: n, product: i * (n + 1) });
      }
    }));
    await fails('22012', clients[0].query({ name: 'divide', text: 'select 1 / $1::int as v', values: [0] }));
    assert.equal((await clients[0].query({ name: 'divide', text: 'select 1 / $1::int as v', values: [1] })).rows[0].v, 1);
    await fails('42P01', clients[1].query({ name: 'never', text: 'select * from no_such_table where a = $1', values: [1] }));
    assert.equal(await value(clients[1], 'select 1'), 1);
  });
}

async function queriesInOneGo() {
  await withClients(1, async c => {
    // node-postgres queues them and sends each when the one before is answered.
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => value(c, 'select $1::int', [i])));
    assert.deepEqual(answers, Array.from({ length: 300 }, (_, i) => i));
  });
}

async function pipelinedQueries() {
  await withClients(1, async c => {
    // Several Syncs are on their way at once; an error ends only its own query.
    const answers = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => value(c, 'select 100 / ($1::int % 10)', [i])));
    answers.forEach((answer, i) => {
      if (i % 10 === 0) assert.equal(answer.reason.code, '22012');
      else assert.equal(answer.value, Math.trunc(100 / (i % 10)));
    });
  }, { pipeline: true });
}

async function copyInAndOut() {
  await withClients(1, async c => {
    const lines = Array.from({ length: 20000 }, (_, i) => `${i}\tname ${i}\t${i / 4}\n`);
    const into = c.query(copyFrom(`copy ${SCHEMA}.items (id, name, amount) from stdin`));
    await pipeline(Readable.from(lines), into);
    assert.equal(into.rowCount, 20000);
    const out = c.query(copyTo(`copy (select id, name, amount from ${SCHEMA}.items order by id) to stdout`));
    const chunks = [];
    for await (const chunk of out) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    assert.equal(text.split('\n').length, 20001);
    assert.equal(text.split('\n')[7], '7\tname 7\t1.75');
    const bad = c.query(copyFrom(`copy ${SCHEMA}.items (id) from stdin`));
    await fails('22P02', pipeline(Readable.from(['x\n']), bad));
    const aborted = c.query(copyFrom(`copy ${SCHEMA}.items (id) from stdin`));
    async function* breaks() { yield '900001\n'; throw new Error('given up'); }
    await assert.rejects(pipeline(Readable.from(breaks()), aborted));
    assert.equal(await value(c, `select count(*)::int from ${SCHEMA}.items`), 20000);
    await c.query(`truncate ${SCHEMA}.items`);
  });
}

async function cursorsAndStreams() {
  await withClients(1, async c => {
    const cursor = c.query(new Cursor('select generate_series(1, $1::int) as n', [1000]));
    assert.deepEqual((await cursor.read(3)).map(r => r.n), [1, 2, 3]);
    assert.equal((await cursor.read(500)).length, 500);
    await cursor.close(); // with a part of the rows unread
    assert.equal(await value(c, 'select 5'), 5);
    await c.query('begin');
    let sum = 0;
    for await (const row of c.query(new QueryStream('select generate_series(1, $1::int) as n', [5000], { batchSize: 100 }))) sum += row.n;
    assert.equal(sum, 12502500);
    await c.query('commit');
    let rows = 0;
    for await (const _ of c.query(new QueryStream('select generate_series(1, 100000)'))) if (++rows === 10) break;
    assert.equal(await value(c, 'select 6'), 6);
  });
}

async function transactionsWithErrorsAndSavepoints() {
  await withClients(1, async c => {
    await c.query('begin');
    await c.query(`insert into ${SCHEMA}.items (id, name) values ($1, $2)`, [1, 'kept']);
    await c.query('savepoint s');
    await assert.rejects(c.query(`insert into ${SCHEMA}.items (id, name) values ($1, $2)`, [1, 'twice']),
      error => error.code === '23505' && error.constraint === 'items_pkey');
    await fails('25P02', c.query('select 1'));
    await c.query('rollback to savepoint s');
    await c.query(`insert into ${SCHEMA}.items (id, name) values ($1, $2)`, [2, 'kept']);
    await c.query('commit');
    assert.equal(await value(c, `select count(*)::int from ${SCHEMA}.items`), 2);
    await c.query('begin');
    await fails('22012', c.query('select 1/0'));
    assert.equal((await c.query('commit')).command, 'ROLLBACK');
    await c.query('begin transaction isolation level serializable read only');
    assert.equal(await value(c, 'show transaction_isolation'), 'serializable');
    await fails('25006', c.query(`delete from ${SCHEMA}.items`));
    await c.query('rollback');
    await c.query(`truncate ${SCHEMA}.items`);
  });
}

async function cancelOfASleepingStatement() {
  await withClients(3, async (victim, other, bystander) => {
    const untouched = bystander.query("select 'untouched' as v from pg_sleep(1)");
    // node-postgres has no cancel of its own connection but Client.cancel; it opens one with the victim's key.
    const query = new pg.Query('select pg_sleep(300)');
    const ended = new Promise((resolve, reject) => { query.on('end', resolve); query.on('error', reject); });
    victim.query(query);
    await after(1500);
    const canceller = new pg.Client(server);
    canceller.cancel(victim, query);
    await fails('57014', ended);
    assert.equal(await value(victim, 'select 1'), 1);
    await other.query('set statement_timeout = 100');
    await fails('57014', other.query('select pg_sleep(300)'));
    assert.equal((await untouched).rows[0].v, 'untouched');
  });
}

async function largeValues() {
  await withClients(1, async c => {
    const big = Buffer.alloc(16 << 20, 'abcdefgh');
    assert.equal(Buffer.compare(await value(c, 'select $1::bytea', [big]), big), 0);
    assert.equal((await value(c, "select repeat('x', 33554432)")).length, 33554432);
    const many = await c.query("select n, repeat('y', 100) as y from generate_series(1, 50000) n");
    assert.equal(many.rows.length, 50000);
  });
}

async function settingsStayWithTheirConnection() {
  await withClients(3, async (a, b, holder) => {
    await a.query("set time zone 'Asia/Tokyo'");
    await a.query(`set search_path to ${SCHEMA}, public`);
    await a.query("select set_config('app.client', $1, false)", ['a']);
    await b.query("set time zone 'America/Lima'");
    for (let i = 0; i < 5; i++) {
      await holder.query('begin');
      await holder.query('select 1');
      assert.equal(await value(a, 'show time zone'), 'Asia/Tokyo');
      assert.equal(await value(b, 'show time zone'), 'America/Lima');
      assert.equal(await value(a, "select current_setting('app.client') from (select count(*) from items) c"), 'a');
      await holder.query('commit');
    }
    await a.query('begin');
    await a.query("set local time zone 'UTC'");
    await a.query("set application_name = 'undone'");
    assert.equal(await value(a, 'show time zone'), 'UTC');
    await a.query('rollback');
    assert.equal(await value(a, 'show time zone'), 'Asia/Tokyo');
    assert.notEqual(await value(a, 'show application_name'), 'undone');
    await a.query('discard all');
    await fails('42P01', a.query('select count(*) from items'));
  });
}

async function poolOfClients() {
  const pool = new pg.Pool({ ...server, max: 20, application_name: 'node-pool' });
  const work = async n => {
    for (let i = 0; i < 10; i++) {
      assert.equal((await pool.query('select $1::int + $2::int as v', [n, i])).rows[0].v, n + i);
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query("select set_config('app.client', $1, true)", [`${n}-${i}`]);
        assert.equal(await value(client, "select current_setting('app.client')"), `${n}-${i}`);
        assert.equal(await value(client, 'show application_name'), 'node-pool');
        await client.query('commit');
      } finally {
        client.release();
      }
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => work(n)));
  await pool.end();
}

async function notificationsAndNotices() {
  await withClients(2, async (c, other) => {
    const heard = new Promise(resolve => c.on('notification', resolve));
    const said = [];
    c.on('notice', notice => said.push(notice.message));
    await c.query('listen node_channel');
    await other.query("select pg_notify('node_channel', 'payload')");
    assert.equal((await heard).payload, 'payload');
    await c.query("do $$ begin raise notice 'hello'; end $$");
    assert.deepEqual(said, ['hello']);
    await c.query('unlisten *');
  });
}

async function tlsWithScramAndChannelBinding() {
  const tls = { ssl: { ca, rejectUnauthorized: true }, enableChannelBinding: true };
  await withClients(1, async c => {
    assert.equal(c.connection.stream.encrypted, true);
    assert.equal(await value(c, 'select $1::int', [42]), 42);
    assert.equal((await value(c, "select repeat('t', 5000000)")).length, 5000000);
  }, tls);
  await withClients(1, async c => assert.equal(await value(c, 'select 1'), 1), { ...tls, enableChannelBinding: false });
  await fails('28P01', new pg.Client({ ...server, ...tls, password: 'wrong' }).connect());
}

async function leaveNothingBehind() {
  await withClients(1, c => c.query(`drop schema ${SCHEMA} cascade`));
}

for (const check of [
  prepareSchema, typesRoundTripInTextAndBinary, namedStatementsOfEqualNameAndDifferentTexts, queriesInOneGo, pipelinedQueries,
  copyInAndOut, cursorsAndStreams, transactionsWithErrorsAndSavepoints, cancelOfASleepingStatement, largeValues,
  settingsStayWithTheirConnection, poolOfClients, notificationsAndNotices, tlsWithScramAndChannelBinding, leaveNothingBehind,
]) {
  const since = performance.now();
  try {
    await check();
  } catch (error) {
    console.log(`FAILED ${check.name}`);
    console.error(error);
    process.exit(1);
  }
  console.log(`ok ${check.name} (${Math.round(performance.now() - since)} ms)`);
}
