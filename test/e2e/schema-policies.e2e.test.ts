import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { runProgram } from '../support/cli-process.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA = `CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, w text);
  CREATE TABLE others (id int PRIMARY KEY);
  INSERT INTO items SELECT g, g, 'w' || g FROM generate_series(1, 50) g;
  INSERT INTO others VALUES (1)`;

/** The registry and the sink would take all of these: it is the policy that decides. */
async function governed(policies: string, transforms = ''): Promise<DaemonPipeline> {
  const extraSource = `  key.converter: json\n  value.converter: json\n${transforms}`;
  const pipeline = await daemonPipeline({ schema: SCHEMA, extraSource });
  await govern(pipeline, policies);
  return pipeline;
}

async function govern({ file }: DaemonPipeline, policies: string): Promise<void> {
  const [rest = ''] = (await readFile(file, 'utf8')).split('schema:\n');
  await writeFile(file, `${rest}schema:\n${policies}`);
}

/** One for each database: whoever asks again and again would use up the server's. */
const clients = new Map<string, ReturnType<DaemonPipeline['connect']>>();

async function text(pipeline: DaemonPipeline, database: 'source' | 'warehouse', sql: string) {
  const key = `${pipeline.port} ${database}`;
  const client = clients.get(key) ?? pipeline.connect(database);
  clients.set(key, client);
  const { rows } = await (await client).query<{ t: string }>(`SELECT (${sql})::text AS t`);
  return rows[0]?.t;
}

function rowsOf(columns: string): string {
  return `SELECT count(*) || ' ' || md5(string_agg(${columns}, ',' ORDER BY id)) FROM items`;
}

async function expectEqual(pipeline: DaemonPipeline, columns: string): Promise<void> {
  const sql = rowsOf(columns);
  await eventually(async () =>
    expect(await text(pipeline, 'warehouse', sql)).toBe(await text(pipeline, 'source', sql)),
  );
}

async function flows(pipeline: DaemonPipeline, id: number): Promise<void> {
  const source = await pipeline.connect('source');
  await source.query('INSERT INTO others VALUES ($1)', [id]);
  await eventually(async () =>
    expect(await text(pipeline, 'warehouse', `SELECT count(*) FROM others WHERE id = ${id}`)).toBe(
      '1',
    ),
  );
}

interface Held {
  readonly id: string;
  readonly state: string;
  readonly changes: readonly string[];
}

async function heldBy(port: number): Promise<readonly Held[]> {
  const response = await fetch(`http://127.0.0.1:${port}/schema/held`);
  return (await response.json()) as readonly Held[];
}

/** Starts the daemon at each point where it kills itself, then once more to stay. */
async function surviving(pipeline: DaemonPipeline, points: readonly FaultPoint[], until: Ended) {
  for (const faultPoint of points) {
    const daemon = Daemon.start({ ...pipeline, faultPoint });
    await until(faultPoint);
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  return Daemon.start(pipeline);
}

type Ended = (point: FaultPoint) => Promise<void>;

test('a held table waits before the change, over kill -9, until it is approved', async () => {
  await using pipeline = await governed(
    '  change.policies: [{tables: "public[.]items", classes: column_dropped, policy: hold}]\n',
  );
  const source = await pipeline.connect('source');
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 51);
    await source.query('UPDATE items SET v = v + 100 WHERE id <= 3');
    await source.query('ALTER TABLE items DROP COLUMN w');
    await source.query('UPDATE items SET v = v + 1 WHERE id <= 10');
    const { healthy, source: view } = await daemon.until((now) => now.source.held.length === 1);
    expect(healthy).toBe(false);
    expect(view.held[0]).toMatchObject({ topic: 'copy.public.items', code: 'SCHEMA_HELD' });
    expect(view.held[0]?.message).toContain('column_dropped w');
    await flows(pipeline, 2);
    const before = `SELECT string_agg(v::text, ',' ORDER BY id) FROM items WHERE id <= 5`;
    await eventually(async () =>
      expect(await text(pipeline, 'warehouse', before)).toBe('101,102,103,4,5'),
    );
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  const stored = await runProgram(['schema', 'held', pipeline.file, '--json']);
  expect(JSON.parse(stored.stdout)).toMatchObject([{ state: 'held' }]);
  await source.query('DELETE FROM items WHERE id = 3');
  await source.query('ALTER TABLE items ADD COLUMN x text');
  await source.query(`INSERT INTO items VALUES (99, 1, 'new')`);
  await source.query('ALTER TABLE items DROP COLUMN v');
  await source.query(`UPDATE items SET x = 'late' WHERE id = 7`);
  const daemon = await surviving(pipeline, ['gate.releasing', 'gate.released'], async (point) => {
    await eventually(async () => {
      const [held] = await heldBy(pipeline.port);
      const { code } = await runProgram(['schema', 'approve', pipeline.file, held?.id ?? '-']);
      expect({ point, code }).toEqual({ point, code: 0 });
    });
  });
  await using _ = daemon;
  await daemon.until(({ source: { phase, held } }) => phase === 'streaming' && held.length === 0);
  await expectEqual(pipeline, `id || coalesce(x, '-')`);
  await flows(pipeline, 3);
  expect(await daemon.stop()).toBe(0);
});

/** What waits has not been through them; what goes out has. */
const HEADER = `  transforms: note
  transforms.note.type: org.apache.kafka.connect.transforms.InsertHeader
  transforms.note.header: note
  transforms.note.value.literal: x
`;

test('rejected without a daemon, followed later; exception stops, a deadline lets go', async () => {
  await using pipeline = await governed(
    '  change.policies: [{grades: warning, policy: hold}]\n',
    HEADER,
  );
  const source = await pipeline.connect('source');
  const other = `SELECT string_agg(coalesce(w, '-'), ',' ORDER BY id) FROM items WHERE id <= 3`;
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 51);
    await source.query('ALTER TABLE items DROP COLUMN w');
    await source.query('UPDATE items SET v = v + 1 WHERE id <= 2');
    const { source: view } = await daemon.until((now) => now.source.held.length === 1);
    // Rows that are read beside the stream wait as well, behind the change.
    const data = JSON.stringify({ 'data-collections': ['public.items'], type: 'incremental' });
    const sent = await runProgram(['signal', pipeline.file, 'execute-snapshot', '--data', data]);
    expect(sent.code).toBe(0);
    await daemon.until(({ source: { measures } }) => measures.reads >= view.measures.reads + 48);
    expect(await daemon.stop()).toBe(0);
  }
  const rejected = await runProgram(['schema', 'reject', pipeline.file, 'public.items']);
  expect(rejected.stdout).toContain('goes on in its old shape at the next start');
  {
    await using daemon = Daemon.start(pipeline);
    await eventually(async () => expect(await text(pipeline, 'warehouse', other)).toBe('-,-,-'));
    const listed = await runProgram(['schema', 'held', pipeline.file]);
    expect(listed.stdout).toContain('old shape public.items');
    const { code } = await runProgram(['schema', 'approve', pipeline.file, 'public.items']);
    expect(code).toBe(0);
    await source.query('UPDATE items SET v = v + 1 WHERE id = 3');
    await expectEqual(pipeline, `id || ' ' || v`);
    // Nobody tells its column any more: what the target has stays.
    expect(await text(pipeline, 'warehouse', other)).toBe('-,-,-');
    expect(await daemon.stop()).toBe(0);
  }
  await govern(pipeline, '  change.policies: [{classes: column_added, policy: exception}]\n');
  await source.query('ALTER TABLE items ADD COLUMN x text');
  await source.query(`UPDATE items SET x = 'x' || id WHERE id > 40`);
  for (let start = 0; start < 2; start++) {
    const daemon = Daemon.start(pipeline);
    expect((await daemon.ended).code).toBe(1);
    expect(daemon.output).toContain('SCHEMA_STOPPED');
    expect(daemon.output).toContain('column_added x');
  }
  const action = '  hold.deadline: 1s\n  hold.deadline.action: approve\n';
  await govern(pipeline, `${action}  change.policies: [{classes: column_added, policy: hold}]\n`);
  await using daemon = Daemon.start(pipeline);
  await expectEqual(pipeline, `id || coalesce(x, '-')`);
  expect(daemon.output).toContain('approve by the deadline');
  expect(await daemon.stop()).toBe(0);
});
