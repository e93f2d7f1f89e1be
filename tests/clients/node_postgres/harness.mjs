// Cases, and how they are run: one after the other, each within ten seconds, a JSON line each.
import pg from 'pg';

const CASES = [];
const SECONDS = 30;

/** A case: what it returns is shown. */
export const test = (name, body) => CASES.push([name, body]);

/** A case for each value. */
export const each = (name, values, body) =>
  values.forEach((value) => test(`${name} [${JSON.stringify(value)}]`, () => body(value)));

/** A case that has a client of its own. */
export const connected = (name, body, options = {}) => test(name, () => withClient(body, options));

/** Such a case for each value. */
export const eachConnected = (name, values, body) =>
  each(name, values, (value) => withClient((client) => body(client, value)));

/** Run something with a client, which is ended afterwards. */
export async function withClient(body, options = {}) {
  const client = new pg.Client(options);
  client.on('error', () => {});
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const FIELDS = ['severity', 'code', 'message', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery',
  'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine'];

/** What an error says: Postgres' fields, or the client's message. */
export const fields = (error) => Object.fromEntries(
  FIELDS.filter((name) => error[name] !== undefined).map((name) => [name, error[name]]));

/** The fields of the error that something must fail with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return fields(error);
  }
  throw new Error('did not fail');
}

/** Fail unless a condition holds. */
export function ensure(condition, what) {
  if (!condition) throw new Error(what ?? 'not so');
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolve with the first argument of an event. */
export const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

export async function run() {
  for (const [test, body] of CASES) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done in ${SECONDS} s`)), SECONDS * 1000);
    });
    let line;
    try {
      line = { status: 'passed', shown: JSON.stringify((await Promise.race([body(), late])) ?? null) };
    } catch (error) {
      line = { status: 'failed', detail: String(error?.stack ?? error) };
    }
    clearTimeout(timer);
    console.log(JSON.stringify({ test, ...line }));
  }
  process.exit(0);
}
