/**
 * Records pgoutput messages of a real server:
 *   node test/golden/pgoutput/record.ts postgresql://postgres@127.0.0.1:5432/postgres
 * writes `<major>.json` beside this file. The role has to be a superuser, wal_level logical.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PostgresWire } from '../../../src/source/postgres/wire/postgres-wire.ts';
import { SCENARIOS } from './scenarios.ts';

const url = new URL(process.argv[2] ?? '');
const connection = {
  host: url.hostname,
  port: Number(url.port),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  sslMode: 'disable' as const,
  connectTimeoutMs: 5000,
};
const database = `golden_${process.pid}`;
const { signal } = new AbortController();

async function open(name: string, replication: boolean): Promise<PostgresWire> {
  // The least there is, so that a small transaction is streamed before it commits.
  const settings = { logical_decoding_work_mem: '64kB' };
  const session = { replication, applicationName: 'record pgoutput', settings };
  return await PostgresWire.connect({ ...connection, database: name }, session, signal);
}

/** Streams what came since the slot was made, up to a marker message. */
async function stream(options: readonly string[]): Promise<string[]> {
  await using wire = await open(database, true);
  const frames: string[] = [];
  const list = ["publication_names 'golden'", "messages 'true'", ...options].join(', ');
  await wire.startReplication(
    `START_REPLICATION SLOT golden LOGICAL 0/0 (${list})`,
    {
      started: () => undefined,
      settle: () => undefined,
      frame(bytes, start, end) {
        if (bytes[start] !== 0x77) return undefined;
        const message = bytes.subarray(start + 25, end);
        if (message[0] === 0x4d && message.includes('end of scenario')) wire.endReplication();
        else frames.push(message.toString('hex'));
        return undefined;
      },
    },
    signal,
  );
  return frames;
}

const admin = await open(url.pathname.slice(1), false);
await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
const control = await open(database, false);
const server = (await control.query('SHOW server_version'))[0]?.rows[0]?.[0];
const scenarios = [];
for (const scenario of SCENARIOS) {
  if (scenario.leastMajor > Number.parseInt(server ?? '', 10)) continue;
  await control.query(scenario.setup);
  await control.query('CREATE PUBLICATION golden FOR ALL TABLES');
  const twoPhase = scenario.twoPhase === true ? ', false, true' : '';
  const create = `SELECT pg_create_logical_replication_slot('golden', 'pgoutput'${twoPhase})`;
  await control.query(create);
  for (const statement of scenario.statements) await control.query(statement);
  await control.query("SELECT pg_logical_emit_message(false, 'golden', 'end of scenario')");
  const frames = await stream(scenario.options);
  const { name, setup, statements, options } = scenario;
  scenarios.push({ name, setup, statements, options, frames });
  await control.query("SELECT pg_drop_replication_slot('golden')");
  await control.query('DROP PUBLICATION golden; DROP SCHEMA public CASCADE; CREATE SCHEMA public');
}
await control.close();
await admin.query(`DROP DATABASE ${database}`);
await admin.close();
const file = path.join(import.meta.dirname, `${Number.parseInt(server ?? '', 10)}.json`);
const golden = { server: `PostgreSQL ${server}`, scenarios };
await writeFile(file, `${JSON.stringify(golden, null, 1)}\n`);
