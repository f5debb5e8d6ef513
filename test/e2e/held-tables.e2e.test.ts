import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA = `CREATE TABLE items (id int PRIMARY KEY, v int);
  CREATE TABLE others (id int PRIMARY KEY);
  INSERT INTO items SELECT g, g FROM generate_series(1, 50) g;
  INSERT INTO others VALUES (1)`;

/** No column of numbers is ever made one of texts by itself. */
const RETYPE = 'ALTER TABLE items ALTER v TYPE text';

async function text(pipeline: DaemonPipeline, database: 'source' | 'warehouse', sql: string) {
  const client = await pipeline.connect(database);
  const { rows } = await client.query<{ t: string }>(`SELECT (${sql})::text AS t`);
  await client.end();
  return rows[0]?.t;
}

const ITEMS = `SELECT string_agg(id || ':' || coalesce(v::text, '-') || ':' || pg_typeof(v),
  ' ' ORDER BY id) FROM items`;

/** The registry would hold the topic before the sink could: it has no Avro. */
function retypedPipeline(extraSink: string): Promise<DaemonPipeline> {
  const json = '  key.converter: json\n  value.converter: json\n';
  const extraSource = `${json}  ddl.rewrites: warn\n`;
  return daemonPipeline({ schema: SCHEMA, extraSink, extraSource });
}

async function expectEqual(pipeline: DaemonPipeline): Promise<void> {
  await eventually(async () =>
    expect(await text(pipeline, 'warehouse', ITEMS)).toBe(await text(pipeline, 'source', ITEMS)),
  );
}

test('a held table goes on once its column was changed, also over a kill -9', async () => {
  await using pipeline = await retypedPipeline('    schema.evolution.policy: hold\n');
  const source = await pipeline.connect('source');
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 51);
    await source.query(RETYPE);
    await source.query(`UPDATE items SET v = v || ' new' WHERE id <= 10`);
    const { sinks, healthy } = await daemon.until((now) => now.sinks[0]?.parked.length === 1);
    expect(healthy).toBe(false);
    expect(sinks[0]?.parked).toMatchObject([
      { table: 'public.items', code: 'SINK_SCHEMA', held: true },
    ]);
    const message = sinks[0]?.parked[0]?.message ?? '';
    expect(message).toMatch(/column v of "public"."items" has the type integer.*source has text/);
    expect(message).toContain('TYPE text USING "v"::text');
    expect(daemon.output).toContain('table held');
    expect((await runProgram(['status', pipeline.file])).stdout).toContain('held public.items');
    await source.query('INSERT INTO others VALUES (2)');
    await eventually(async () =>
      expect(await text(pipeline, 'warehouse', 'SELECT count(*) FROM others')).toBe('2'),
    );
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  await source.query('DELETE FROM items WHERE id = 3');
  await source.query('INSERT INTO items VALUES (99, NULL)');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.parked.length === 1);
  const warehouse = await pipeline.connect('warehouse');
  await warehouse.query(RETYPE);
  const healed = await daemon.until(({ sinks }) => sinks[0]?.parked.length === 0);
  expect(healed.healthy).toBe(true);
  await expectEqual(pipeline);
  expect(daemon.output).toContain('it goes on where it was held');
  expect(await daemon.stop()).toBe(0);
});

test('dead letters of a shape are replayed in order once the column was changed', async () => {
  const extraSink = '    schema.evolution.policy: dead_letter\n    errors.park: key\n';
  await using pipeline = await retypedPipeline(extraSink);
  const source = await pipeline.connect('source');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.applied === 51);
  await source.query(RETYPE);
  for (const step of ['a', 'b']) {
    await source.query(`UPDATE items SET v = v || '${step}' WHERE id <= 10`);
  }
  await source.query('DELETE FROM items WHERE id = 4');
  const waiting = await daemon.until(({ sinks }) => sinks[0]?.parkedKeys?.count === 10);
  expect(waiting.sinks[0]?.parked).toEqual([]);
  const early = await runProgram(['dlq', 'replay', pipeline.file]);
  expect(early.code).toBe(1);
  expect(early.stdout).toContain('0 records applied');
  expect(early.stdout).toContain('has the type integer, but the source has text');

  const warehouse = await pipeline.connect('warehouse');
  await warehouse.query(RETYPE);
  await source.query(`INSERT INTO items VALUES (99, 'much')`);
  await eventually(async () =>
    expect(await text(pipeline, 'warehouse', 'SELECT v FROM items WHERE id = 99')).toBe('much'),
  );
  const replayed = await runProgram(['dlq', 'replay', pipeline.file]);
  expect(replayed.stdout).toMatch(/records applied, 10 of 10 keys are free/);
  expect(replayed.code).toBe(0);
  await expectEqual(pipeline);
  await source.query(`UPDATE items SET v = v || 'z' WHERE id = 1`);
  await daemon.until(({ healthy }) => healthy);
  await expectEqual(pipeline);
  expect(await daemon.stop()).toBe(0);
});
