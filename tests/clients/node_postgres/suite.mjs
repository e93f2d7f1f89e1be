// What node-postgres, its pool, cursors, query streams and COPY streams can do, connected by libpq's variables.
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo, both as copyBoth } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { connected, each, eachConnected, ensure, failure, fields, once, pause, run, test, withClient }
  from './harness.mjs';

const shape = (result) => ({
  command: result.command, rowCount: result.rowCount, rows: result.rows,
  fields: result.fields?.map((field) => [field.name, field.dataTypeID, field.dataTypeSize, field.format]),
});

// -- connecting

connected('the process is the backend\'s own', async (client) => {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  ensure(rows[0].pid === client.processID);
});
each('a connection that is refused', [
  { password: 'wrong' }, { user: 'nobody_of_that_name' }, { database: 'nowhere' }, { options: '-c nonsense=1' },
  { user: 'x'.repeat(70) }, { database: 'ü ; "' }, { replication: 'nonsense' },
], async (options) => {
  const client = new pg.Client(options);
  client.on('error', () => {});
  const told = await failure(client.connect());
  await client.end().catch(() => {});
  return told;
});
each('what is asked for at the start holds', [
  [{ options: '-c search_path=a,b' }, 'search_path'], [{ application_name: 'ünïcode' }, 'application_name'],
  [{ statement_timeout: 1234 }, 'statement_timeout'], [{ lock_timeout: 99 }, 'lock_timeout'],
  [{ idle_in_transaction_session_timeout: 500 }, 'idle_in_transaction_session_timeout'],
  [{ client_encoding: 'LATIN1' }, 'client_encoding'], [{ fallback_application_name: 'f' }, 'application_name'],
  [{ keepAlive: true }, 'port'],
], ([options, setting]) =>
  withClient(async (client) => (await client.query(`SHOW ${setting}`)).rows, options));
test('forty clients at once', () => Promise.all(Array.from({ length: 40 }, (_, number) =>
  withClient(async (client) => (await client.query('SELECT $1::int AS n', [number])).rows[0].n))));
test('a client that ends its socket leaves no backend', () => withClient(async (watcher) => {
  const gone = new pg.Client();
  gone.on('error', () => {});
  await gone.connect();
  const { processID } = gone;
  gone.connection.stream.destroy();
  for (let tries = 0; tries < 200; tries++) {
    const { rows } = await watcher.query('SELECT FROM pg_stat_activity WHERE pid = $1', [processID]);
    if (!rows.length) return;
    await pause(20);
  }
  throw new Error('it is still there');
}));
test('a terminated backend says so', () => withClient(async (watcher) => {
  const client = new pg.Client();
  await client.connect();
  const error = once(client, 'error');
  client.on('error', () => {});
  await watcher.query('SELECT pg_terminate_backend($1)', [client.processID]);
  return fields(await error);
}));
test('a query that waits for a terminated backend fails', () => withClient(async (watcher) => {
  const client = new pg.Client();
  client.on('error', () => {});
  await client.connect();
  const slept = failure(client.query('SELECT pg_sleep(20)'));
  await pause(100);
  await watcher.query('SELECT pg_terminate_backend($1)', [client.processID]);
  return slept;
}));

// -- queries

eachConnected('a simple query', [
  'SELECT 1', 'SELECT 1; SELECT 2, \'b\'', '', ';', '-- nothing', 'SELECT', 'SELECT 1 WHERE false',
  'CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); DELETE FROM t', 'BEGIN; SELECT 1; COMMIT',
  'SHOW server_encoding', 'EXPLAIN (COSTS off) SELECT 1', 'SELECT \'iasql_apply()\'',
], async (client, sql) => {
  const result = await client.query(sql);
  return [result].flat().map(shape);
});
eachConnected('a query with parameters', [
  ['SELECT $1::int + $2::int AS s', [1, 2]], ['SELECT $1::text AS t', ['ü€𝄞']], ['SELECT $1::text AS n', [null]],
  ['SELECT $1::jsonb AS j', [{ a: [1, 'ü'] }]], ['SELECT $1::int[] AS a', [[1, 2, null]]],
  ['SELECT $1::bytea AS b', [Buffer.from([0, 255, 10])]], ['SELECT $1::bool AS b', [true]],
  ['SELECT $1::timestamptz = $1 AS d', [new Date(0)]], ['SELECT $1', ['untyped']], ['SELECT 1 AS none', []],
], async (client, [sql, values]) => shape(await client.query(sql, values)));
eachConnected('an error has all its fields', [
  'SELECT * FROM nowhere', 'SELECT 1 / 0', 'SELEC', 'SELECT \'x\'::int', 'INSERT INTO t VALUES (1)',
  'INSERT INTO t VALUES (-1)', 'INSERT INTO t VALUES (NULL)', 'SELECT $1', 'SELECT 1; SELECT 1 / 0; SELECT 3',
  'DO $$ BEGIN RAISE \'m\' USING ERRCODE = \'XY123\', DETAIL = \'d\', HINT = \'h\', TABLE = \'t\'; END $$',
], async (client, sql) => {
  await client.query('CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY CHECK (a > 0))');
  await client.query('INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING');
  const told = [await failure(client.query(sql)), await failure(client.query({ text: sql, values: [], name: 'n' }))];
  return [...told, (await client.query('SELECT 1 AS after')).rows];
});
eachConnected('a named statement is prepared once', [1, 2, 20], async (client, times) => {
  for (let n = 0; n < times; n++) {
    const { rows } = await client.query({ name: 'twice', text: 'SELECT $1::int * 2 AS d', values: [n] });
    ensure(rows[0].d === 2 * n);
  }
  return (await client.query('SELECT name, statement FROM pg_prepared_statements')).rows;
});
connected('a named statement fails and can be used again', async (client) => {
  const divide = (by) => client.query({ name: 'divide', text: 'SELECT 10 / $1::int AS q', values: [by] });
  return [(await divide(2)).rows, await failure(divide(0)), (await divide(5)).rows];
});
connected('another text for a name is refused', async (client) => {
  await client.query({ name: 'same', text: 'SELECT 1' });
  return String(await client.query({ name: 'same', text: 'SELECT 2' }).catch((error) => error.message));
});
connected('queries wait for one another', async (client) => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => client.query('SELECT $1::int AS n', [n])));
  return answers.map((answer) => answer.rows[0].n);
});
connected('rows as arrays', async (client) =>
  shape(await client.query({ text: 'SELECT 1 AS a, 2 AS a', rowMode: 'array' })));
connected('binary results', async (client) =>
  shape(await client.query({ text: 'SELECT 1 AS i, true AS b, 1.5::float8 AS f', values: [], binary: true })));
eachConnected('the rows of a result in portions', [1, 7, 1000], async (client, rows) => {
  const query = new pg.Query({ text: 'SELECT g FROM generate_series(1, 2000) g', rows });
  return (await new Promise((resolve, reject) => {
    const seen = [];
    query.on('row', (row) => seen.push(row.g));
    query.on('end', () => resolve(seen));
    query.on('error', reject);
    client.query(query);
  })).length;
});
eachConnected('a large value goes both ways', [1, 8192, 1 << 20, 32 << 20], async (client, size) => {
  const value = Buffer.alloc(size, 'ab');
  const { rows } = await client.query({ text: 'SELECT $1::bytea AS v', values: [value] });
  ensure(value.equals(rows[0].v));
});
eachConnected('a large text', [1 << 20, 64 << 20], async (client, size) => {
  const { rows } = await client.query('SELECT length($1) AS n, repeat(\'y\', $2) AS y', ['x'.repeat(size), size]);
  return [rows[0].n, rows[0].y.length];
});
eachConnected('many rows', [0, 1, 200000], async (client, count) =>
  (await client.query('SELECT g, md5(g::text) FROM generate_series(1, $1) g', [count])).rows.length);
eachConnected('many parameters', [1000, 32767, 65535], async (client, count) => {
  const list = Array.from({ length: count }, (_, n) => `$${n + 1}::int`).join(',');
  const { rows } = await client.query(`SELECT ARRAY[${list}] AS a`, Array.from({ length: count }, (_, n) => n));
  return rows[0].a.length;
});
connected('many columns', async (client) =>
  Object.keys((await client.query(`SELECT ${Array.from({ length: 1600 }, (_, n) => `${n} AS c${n}`)}`)).rows[0]).length);

// -- types

const TYPES = [
  'true', '1::int2', '2147483647', '9007199254740993', '1.5::float4', '\'NaN\'::float8', '12.340::numeric', '\'a\'::char',
  '\'ä\'::text', '\'\\x00ff\'::bytea', '\'2024-02-29\'::date::text', '\'2024-01-01 12:00+02\'::timestamptz', '\'12:00\'::time',
  '\'1 year 2 days 03:04:05.6\'::interval', '\'{"a": 1}\'::json', '\'[1, null]\'::jsonb', 'ARRAY[1, NULL]', 'ARRAY[\'a\', \'b"\']',
  '\'{{1,2},{3,4}}\'::int[]', '\'(1,2)\'::point', '\'<(0,0),1>\'::circle', '\'10.0.0.0/8\'::cidr', '\'[1,2)\'::int4range',
  '\'f81d4fae-7dec-11d0-a765-00a0c91e6bf6\'::uuid', 'ROW(1, \'a\')', 'NULL', '1::oid', '\'$1.00\'::money', 'B\'101\'', '\'a\'::tsvector',
];
eachConnected('a value arrives', TYPES, async (client, value) => shape(await client.query(`SELECT ${value} AS v`)));
eachConnected('a value arrives through a prepared statement', TYPES, async (client, value) =>
  shape(await client.query({ name: 'v', text: `SELECT ${value} AS v` })));
test('a parser of one\'s own', () => withClient(async (client) => {
  const types = { getTypeParser: () => (text) => `<${text}>` };
  return (await client.query({ text: 'SELECT 1 AS a, \'x\' AS b', types })).rows;
}));

// -- transactions

eachConnected('a transaction and its end', ['COMMIT', 'ROLLBACK'], async (client, end) => {
  await client.query('CREATE TEMP TABLE t (a int)');
  await client.query('BEGIN');
  await client.query('INSERT INTO t VALUES ($1)', [1]);
  const { command } = await client.query(end);
  return [command, (await client.query('SELECT * FROM t')).rows];
});
connected('a failed transaction', async (client) => {
  await client.query('BEGIN');
  const told = [await failure(client.query('SELECT 1 / 0')), await failure(client.query('SELECT $1::int', [1]))];
  return [...told, (await client.query('COMMIT')).command];
});
connected('savepoints', async (client) => {
  await client.query('BEGIN; CREATE TEMP TABLE t (a int); SAVEPOINT s');
  const told = await failure(client.query('SELECT 1 / 0'));
  await client.query('ROLLBACK TO s');
  await client.query('INSERT INTO t VALUES (1)');
  await client.query('COMMIT');
  return [told, (await client.query('SELECT * FROM t')).rows];
});

// -- notices, notifications, cancelling

connected('notices arrive with their fields', async (client) => {
  const seen = [];
  client.on('notice', (notice) => seen.push(fields(notice)));
  await client.query('DO $$ BEGIN RAISE NOTICE \'n\' USING DETAIL = \'d\'; RAISE WARNING \'w\'; END $$');
  return seen;
});
eachConnected('a notification', ['', 'ü', 'x'.repeat(7999)], async (client, payload) => {
  await client.query('LISTEN channel');
  const arrived = once(client, 'notification');
  await withClient((other) => other.query('SELECT pg_notify(\'channel\', $1)', [payload]));
  const { channel, payload: got } = await arrived;
  return [channel, got];
});
connected('a thousand notifications', async (client) => {
  const seen = [];
  client.on('notification', ({ payload }) => seen.push(payload));
  await client.query('LISTEN many');
  await withClient((other) => other.query('SELECT pg_notify(\'many\', g::text) FROM generate_series(1, 1000) g'));
  while (seen.length < 1000) await pause(10);
  return seen;
});
connected('a statement is cancelled', async (client) => {
  const slept = failure(client.query('SELECT pg_sleep(20)'));
  await pause(200);
  await withClient((other) => other.query('SELECT pg_cancel_backend($1)', [client.processID]));
  return [await slept, (await client.query('SELECT 1 AS after')).rows];
});
test('a statement is cancelled by its key', () => withClient(async (client) => {
  const slept = failure(client.query('SELECT pg_sleep(20)'));
  await pause(200);
  const { Connection } = pg;
  const connection = new Connection({ ssl: false });
  connection.connect(client.port, client.host);
  await once(connection, 'connect');
  connection.cancel(client.processID, client.secretKey);
  return [await slept, (await client.query('SELECT 1 AS after')).rows];
}));
test('a statement that takes too long', () => withClient(async (client) => [
  await failure(client.query('SELECT pg_sleep(20)')), (await client.query('SELECT 1 AS after')).rows,
], { statement_timeout: 100 }));

// -- pools

test('a pool gives and takes clients', async () => {
  const pool = new pg.Pool({ max: 5 });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.query('SELECT $1::int AS n', [n])));
  const { totalCount } = pool;
  await pool.end();
  return [answers.map((answer) => answer.rows[0].n), totalCount];
});
test('a pool notices that a client is lost', async () => {
  const pool = new pg.Pool({ max: 2 });
  const client = await pool.connect();
  client.on('error', () => {});
  const { processID } = client;
  const told = failure(client.query('SELECT pg_terminate_backend(pg_backend_pid())'));
  const error = await told;
  client.release(true);
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  await pool.end();
  return [error, rows[0].pid !== processID];
});
test('a pool whose idle clients time out', async () => {
  const pool = new pg.Pool({ max: 2, idleTimeoutMillis: 20 });
  await pool.query('SELECT 1');
  await pause(200);
  const { totalCount } = pool;
  await pool.end();
  return totalCount;
});
test('a pool that cannot connect', async () => {
  const pool = new pg.Pool({ password: 'wrong' });
  const told = await failure(pool.query('SELECT 1'));
  await pool.end();
  return told;
});

// -- cursors and streams

eachConnected('a cursor reads in portions', [1, 10, 300], async (client, size) => {
  const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, $1) g', [250]));
  const seen = [];
  for (let rows = await cursor.read(size); rows.length; rows = await cursor.read(size)) {
    seen.push(...rows.map((row) => row.g));
  }
  await cursor.close();
  return seen;
});
connected('a cursor is closed early', async (client) => {
  const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, 100000) g'));
  const rows = await cursor.read(3);
  await cursor.close();
  return [rows, (await client.query('SELECT 1 AS after')).rows];
});
connected('a cursor that fails', async (client) => {
  const cursor = client.query(new Cursor('SELECT 10 / (5 - g) AS q FROM generate_series(1, 9) g'));
  return [await cursor.read(2), await failure(cursor.read(100)), (await client.query('SELECT 1 AS after')).rows];
});
eachConnected('a stream of rows', [1, 100, 5000], async (client, batchSize) => {
  let sum = 0;
  const stream = client.query(new QueryStream('SELECT g FROM generate_series(1, 20000) g', [], { batchSize }));
  for await (const row of stream) sum += row.g;
  return sum;
});
connected('a stream that is left early', async (client) => {
  for await (const row of client.query(new QueryStream('SELECT g FROM generate_series(1, 100000) g'))) {
    if (row.g === 50) break;
  }
  return (await client.query('SELECT 1 AS after')).rows;
});
connected('a stream that fails', async (client) => {
  let seen = 0;
  const told = await failure((async () => {
    for await (const _ of client.query(new QueryStream('SELECT 1 / (500 - g) FROM generate_series(1, 999) g'))) seen++;
  })());
  return [seen, told, (await client.query('SELECT 1 AS after')).rows];
});

// -- COPY

const collect = (chunks) => new Writable({ write(chunk, _, done) { chunks.push(chunk); done(); } });

eachConnected('COPY in and out', [0, 1, 100, 100000], async (client, count) => {
  await client.query('CREATE TEMP TABLE t (a int, b text)');
  const lines = Readable.from((function* () { for (let n = 0; n < count; n++) yield `${n}\tline ${n}\n`; })());
  const into = client.query(copyFrom('COPY t FROM STDIN'));
  await pipeline(lines, into);
  const chunks = [];
  const out = client.query(copyTo('COPY t TO STDOUT'));
  await pipeline(out, collect(chunks));
  return [into.rowCount, out.rowCount, Buffer.concat(chunks).length];
});
connected('COPY in that the server refuses', async (client) => {
  await client.query('CREATE TEMP TABLE t (a int)');
  const told = await failure(pipeline(Readable.from(['1\n', 'two\n', '3\n']), client.query(copyFrom('COPY t FROM STDIN'))));
  return [told, (await client.query('SELECT count(*) FROM t')).rows];
});
connected('COPY in that the client breaks off', async (client) => {
  await client.query('CREATE TEMP TABLE t (a int)');
  const broken = Readable.from((function* () { yield '1\n'; throw new Error('mine'); })());
  const told = String(await pipeline(broken, client.query(copyFrom('COPY t FROM STDIN'))).catch((error) => error.message));
  return [told, (await client.query('SELECT count(*) FROM t')).rows];
});
connected('COPY out that fails', async (client) => {
  const stream = client.query(copyTo('COPY (SELECT 1 / (500 - g) FROM generate_series(1, 999) g) TO STDOUT'));
  return [await failure(pipeline(stream, collect([]))), (await client.query('SELECT 1 AS after')).rows];
});
test('COPY from one client to another', () => withClient((one) => withClient(async (two) => {
  await two.query('CREATE TEMP TABLE t (a int, b text)');
  const out = one.query(copyTo('COPY (SELECT g, md5(g::text) FROM generate_series(1, 50000) g) TO STDOUT BINARY'));
  await pipeline(out, two.query(copyFrom('COPY t FROM STDIN BINARY')));
  return (await two.query('SELECT count(*), min(b), max(b) FROM t')).rows;
})));
test('replication streams', () => withClient(async (client) => {
  const { rows } = await client.query('IDENTIFY_SYSTEM');
  const stream = client.query(copyBoth(`START_REPLICATION PHYSICAL ${rows[0].xlogpos}`, { alignOnCopyDataFrame: true }));
  stream.on('error', () => {});
  const first = once(stream, 'data');
  await withClient((other) => other.query('SELECT pg_logical_emit_message(true, \'p\', \'needle\')'));
  return ['w', 'k'].includes(String.fromCharCode((await first)[0]));
}, { replication: 'true' }));

await run();
