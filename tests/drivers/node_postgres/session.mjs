// One node-postgres session: reads [url, [[sql, [parameter, ...], name?], ...]] as JSON from standard
// input, and prints a JSON line a statement: the rows, or {error, message}.
import { readFileSync } from 'node:fs';
import pg from 'pg';

const [url, steps] = JSON.parse(readFileSync(0, 'utf8'));
const client = new pg.Client({ connectionString: url });
await client.connect();
for (const [text, values, name] of steps) {
  try {
    const result = await client.query({ text, values, name, rowMode: 'array' });
    const last = Array.isArray(result) ? result[result.length - 1] : result;
    console.log(JSON.stringify(last.rows));
  } catch (error) {
    console.log(JSON.stringify({ error: error.code, message: error.message }));
  }
}
await client.end();
