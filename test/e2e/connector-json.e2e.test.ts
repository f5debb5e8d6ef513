import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { freshDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const OUTBOX = `
  CREATE TABLE outbox (id uuid PRIMARY KEY, aggregatetype text NOT NULL, aggregateid text NOT NULL,
    type text, payload jsonb);
  INSERT INTO outbox VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'order', '17', 'made',
    '{"id": 17}');`;
const STRINGS = 'org.apache.kafka.connect.storage.StringConverter';

/** The JSON that a team posts to Connect for its outbox, with what such files have besides. */
function connectorJson(database: TestDatabase, own: Readonly<Record<string, string>>): string {
  const config = {
    ...sourceSection(database, {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'tasks.max': '1',
      'plugin.name': 'pgoutput',
      'publication.autocreate.mode': 'filtered',
      'key.converter': STRINGS,
      ...own,
    }),
  };
  // The port is somebody else's, maybe.
  return JSON.stringify({ name: 'outbox-connector', config, http: { listen: 'none' } }, null, 2);
}

const ROUTED = {
  'value.converter': STRINGS,
  transforms: 'outbox',
  'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
};

test('a connector of Debezium, as it was posted, is checked and run', async () => {
  await using database = await freshDatabase();
  await database.query(OUTBOX);
  await using folder = await temporaryFolder('connector');
  const file = path.join(folder.path, 'register-outbox.json');
  await writeFile(file, connectorJson(database, ROUTED));
  const checked = await runProgram(['check', file]);
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.stderr).toContain('tasks.max has no effect: one task reads one database');
  expect(checked.stderr).toContain('value.converter is string: no sink can read the log');
  const ran = await runProgram(['bootstrap', file, '--json']);
  expect(ran, `it said\n${ran.stderr}`).toMatchObject({ code: 0 });
  const store = path.join(folder.path, 'outbox-connector-data');
  const shown = await runProgram(['tail', 'outbox.event.order', '--path', store, '--json']);
  expect(shown).toMatchObject({ code: 0 });
  expect(JSON.parse(shown.stdout.trim())).toMatchObject({ key: 17, value: { id: 17 } });
});

test('keys as text beside values in JSON, without transforms', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE t (id int, part text, PRIMARY KEY (id, part));
    INSERT INTO t VALUES (1, 'a')`);
  await using folder = await temporaryFolder('connector');
  const file = path.join(folder.path, 'register.json');
  await writeFile(file, connectorJson(database, {}));
  expect(await runProgram(['bootstrap', file])).toMatchObject({ code: 0 });
  const store = path.join(folder.path, 'outbox-connector-data');
  const shown = await runProgram(['tail', 'shop.public.t', '--path', store, '--json']);
  expect(JSON.parse(shown.stdout.trim())).toMatchObject({
    key: 'Struct{id=1,part=a}',
    value: { op: 'r', after: { id: 1, part: 'a' } },
  });
});

test('the slot that a connector left is taken over where it stands', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
    CREATE PUBLICATION dbz_publication FOR TABLE t`);
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
    `slot_${database.name}`,
  ]);
  await database.query('INSERT INTO t VALUES (2)');
  await using folder = await temporaryFolder('connector');
  const file = path.join(folder.path, 'register.json');
  const own = { 'publication.autocreate.mode': 'disabled' };
  const takeOver = { 'snapshot.mode': 'no_data', 'offset.mismatch.strategy': 'trust_slot' };
  await writeFile(file, connectorJson(database, own));
  const refused = await runProgram(['bootstrap', file]);
  expect(refused).toMatchObject({ code: 3 });
  expect(refused.stderr).toContain('snapshot.mode: no_data and offset.mismatch.strategy');
  await writeFile(file, connectorJson(database, { ...own, ...takeOver }));
  const taken = await runProgram(['bootstrap', file]);
  expect(taken, `it said\n${taken.stderr}`).toMatchObject({ code: 0 });
  await database.query('INSERT INTO t VALUES (3)');
  // From now on it is a slot like any other, and its offset is stored.
  await writeFile(file, connectorJson(database, own));
  expect(await runProgram(['bootstrap', file])).toMatchObject({ code: 0 });
  const store = path.join(folder.path, 'outbox-connector-data');
  const shown = await runProgram(['tail', 'shop.public.t', '--path', store, '--json']);
  const lines = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    { value: { op: 'c', after: { id: 2 } } },
    { value: { op: 'c', after: { id: 3 } } },
  ]);
});

test('where the file is of an old release, check tells today’s names', async () => {
  await using folder = await temporaryFolder('connector');
  const file = path.join(folder.path, 'old.json');
  const config = {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': '127.0.0.1',
    'database.user': 'me',
    'database.dbname': 'shop',
    'database.server.name': 'shop',
    'table.whitelist': 'public.orders',
  };
  await writeFile(file, JSON.stringify({ name: 'old', config }, null, 2));
  const { code, stdout, stderr } = await runProgram(['check', file]);
  expect(code).toBe(2);
  const told = stdout + stderr;
  expect(told).toContain('its name is table.include.list today');
  expect(told).toContain('topic.prefix is required');
  expect(told).toContain('database.server.name has no effect: topic.prefix took its place');
});
