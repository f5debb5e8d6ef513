import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { runProgram } from '../support/cli-process.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA = `CREATE TABLE items (id int PRIMARY KEY, v int NOT NULL, w text);
  CREATE TABLE parts (id int PRIMARY KEY, v int NOT NULL, w text);
  CREATE TABLE others (id int PRIMARY KEY, v int NOT NULL);
  INSERT INTO items SELECT g, g, 'w' || g FROM generate_series(1, 20) g;
  INSERT INTO parts SELECT g, g, 'w' || g FROM generate_series(1, 20) g;
  INSERT INTO others VALUES (1, 0)`;

const HOLD = '  change.policies: [{classes: column_dropped, policy: hold}]\n';

async function govern({ file }: DaemonPipeline, text: string): Promise<void> {
  const [rest = ''] = (await readFile(file, 'utf8')).split('schema:\n');
  await writeFile(file, `${rest}schema:\n${text}${HOLD}`);
}

interface Held {
  readonly id: string;
  readonly table: string;
  readonly state: string;
  readonly buffer: string;
  readonly bytes: number;
}

async function heldBy({ file }: DaemonPipeline): Promise<readonly Held[]> {
  const { stdout } = await runProgram(['schema', 'held', file, '--json']);
  return JSON.parse(stdout) as readonly Held[];
}

type Client = Awaited<ReturnType<DaemonPipeline['connect']>>;

async function one(client: Client, sql: string): Promise<string | null> {
  const { rows } = await client.query<{ t: string | null }>(`SELECT (${sql})::text AS t`);
  return rows[0]?.t ?? null;
}

/** Both databases have the same, but for columns that only the target still has. */
async function expectEqual(a: Client, b: Client, table: string, columns: string): Promise<void> {
  const all = `md5(string_agg(${columns}, ',' ORDER BY id))`;
  const sql = `SELECT count(*) || ' ' || ${all} FROM ${table}`;
  await eventually(async () =>
    expect([table, await one(b, sql)]).toEqual([table, await one(a, sql)]),
  );
}

const POINTS: readonly FaultPoint[] = ['gate.releasing', 'gate.released'];

async function surviveAll(pipeline: DaemonPipeline): Promise<void> {
  for (const faultPoint of POINTS) {
    const daemon = Daemon.start({ ...pipeline, faultPoint });
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
}

test('held tables wait in the log of the server, over kill -9, each at its place', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: '  provide.transaction.metadata: true\n',
  });
  await govern(pipeline, '  hold.buffer: source\n');
  const source = await pipeline.connect('source');
  const target = await pipeline.connect('warehouse');
  const flows = async (v: number): Promise<void> => {
    await source.query('UPDATE others SET v = $1', [v]);
    await eventually(async () => expect(await one(target, 'SELECT v FROM others')).toBe(String(v)));
  };
  const confirmed = `SELECT confirmed_flush_lsn FROM pg_replication_slots`;
  let before = '';
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 41);
    await source.query(`BEGIN; UPDATE items SET v = 101 WHERE id = 1; UPDATE others SET v = 1;
      ALTER TABLE items DROP COLUMN w; UPDATE items SET v = v + 1000 WHERE id <= 3;
      UPDATE others SET v = 2; COMMIT`);
    await daemon.until((now) => now.source.held.length === 1);
    before = (await one(source, 'SELECT pg_current_wal_insert_lsn()')) ?? '';
    await flows(3);
    await source.query('ALTER TABLE parts DROP COLUMN w; UPDATE parts SET v = -1 WHERE id = 2');
    const { source: view } = await daemon.until((now) => now.source.held.length === 2);
    expect(view.held[0]?.message).toContain('the server keeps its log from');
    await flows(4);
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  expect(await one(target, 'SELECT v FROM items WHERE id = 1')).toBe('101');
  const stored = await heldBy(pipeline);
  expect(stored.map(({ state, buffer, table }) => [table, state, buffer])).toEqual([
    ['public.items', 'held', 'source'],
    ['public.parts', 'held', 'source'],
  ]);
  await source.query('DELETE FROM items WHERE id = 5; UPDATE parts SET v = -2 WHERE id = 3');
  {
    await using daemon = Daemon.start(pipeline);
    await flows(5);
    // What the others publish is not what the server is told, nor is anything read from there.
    expect(await one(source, `SELECT (${confirmed}) <= '${before}'::pg_lsn`)).toBe('true');
    expect((await heldBy(pipeline)).map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect((await heldBy(pipeline))[0]?.bytes).toBeGreaterThan(0);
    expect(await daemon.stop()).toBe(0);
  }
  const refused = await runProgram(['offsets', 'handover', pipeline.file]);
  expect(refused.stderr).toContain('public.items, public.parts wait before a change');
  await runProgram(['schema', 'approve', pipeline.file, stored[1]?.id ?? '']);
  await surviveAll(pipeline);
  // Its rows have gone out, those of the table that waits before it have not.
  const left = await heldBy(pipeline);
  expect(left.map(({ table, state }) => [table, state])).toEqual([['public.items', 'held']]);
  await using daemon = Daemon.start(pipeline);
  // Also when the one before had applied all: without a port the answer meets a locked store.
  await daemon.until((now) => now.source.phase === 'streaming');
  await expectEqual(source, target, 'parts', `id || ' ' || v`);
  expect(await one(target, 'SELECT v FROM items WHERE id = 5')).toBe('5');
  await source.query('ALTER TABLE items ADD COLUMN x text');
  await source.query(`INSERT INTO items VALUES (99, 1, 'new')`);
  const { code } = await runProgram(['schema', 'approve', pipeline.file, 'public.items']);
  expect(code).toBe(0);
  await expectEqual(source, target, 'items', `id || ' ' || v || coalesce(x, '-')`);
  await daemon.until(({ source: { held, phase } }) => held.length === 0 && phase === 'streaming');
  await flows(6);
  await eventually(async () =>
    expect(await one(source, `SELECT (${confirmed}) > '${before}'::pg_lsn`)).toBe('true'),
  );
  expect(await daemon.stop()).toBe(0);
});

test('rows that are read move a hold into our log; the limit counts the server’s', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA });
  const limit = '  hold.max.bytes: 16mb\n  hold.deadline.action: approve\n';
  await govern(pipeline, `  hold.buffer: source\n${limit}`);
  const source = await pipeline.connect('source');
  const target = await pipeline.connect('warehouse');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.applied === 41);
  await source.query(
    'ALTER TABLE items DROP COLUMN w; UPDATE items SET v = v + 1000 WHERE id <= 3',
  );
  await source.query('ALTER TABLE parts DROP COLUMN w; UPDATE parts SET v = -1 WHERE id = 2');
  const { watch } = await daemon.until((now) => now.watch?.retention?.heldFor?.length === 2);
  expect(watch?.retention?.heldFor).toEqual(['public.items', 'public.parts']);
  const [first] = await heldBy(pipeline);
  const data = JSON.stringify({ 'data-collections': ['public.items'], type: 'incremental' });
  const sent = await runProgram(['signal', pipeline.file, 'execute-snapshot', '--data', data]);
  expect(sent.code).toBe(0);
  await eventually(async () =>
    expect((await heldBy(pipeline)).map(({ id, buffer }) => [id, buffer])).toContainEqual([
      first?.id,
      'spool',
    ]),
  );
  await source.query('UPDATE others SET v = 7');
  await eventually(async () => expect(await one(target, 'SELECT v FROM others')).toBe('7'));
  expect(await one(target, 'SELECT v FROM items WHERE id = 1')).toBe('1');
  const { code } = await runProgram(['schema', 'reject', pipeline.file, 'public.items']);
  expect(code).toBe(0);
  await expectEqual(source, target, 'items', `id || ' ' || v`);
  expect(await one(target, 'SELECT v FROM parts WHERE id = 2')).toBe('2');
  await source.query(`SELECT pg_logical_emit_message(false, 'x', repeat('x', 20000000))`);
  await expectEqual(source, target, 'parts', `id || ' ' || v`);
  expect(daemon.output).toContain('of the log that the server keeps: approve by the deadline');
  expect(await daemon.stop()).toBe(0);
});
