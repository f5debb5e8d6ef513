import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ShownSourceLetter, SourceLetters } from '../../src/runtime/source-letters.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA = `
  CREATE TABLE t (id int PRIMARY KEY, n numeric(10,2), note text);
  ALTER TABLE t REPLICA IDENTITY FULL;
  INSERT INTO t VALUES (1, 'NaN', 'snapshot'), (2, 2, 'fine')`;

/** Fails on rows whose note says so, until the file beside it is there. */
const MODULE = `import { existsSync } from 'node:fs';
export function transform(properties: { readonly cured: string }, tools: any) {
  return (record: any) => {
    if (record.value.value === null) return record;
    const after = tools.get(record.value.value, 'after');
    const isPoison = after !== null && tools.get(after, 'note') === 'poison';
    if (isPoison && !existsSync(properties.cured)) throw new Error('poison');
    return record;
  };
}
`;

async function dlq(pipeline: DaemonPipeline, ...args: readonly string[]) {
  const [command = 'list', ...flags] = args;
  return runProgram(['dlq', command, pipeline.file, ...flags]);
}

async function letters(pipeline: DaemonPipeline): Promise<readonly ShownSourceLetter[]> {
  const { stdout } = await dlq(pipeline, 'show', '--source', '--json');
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as ShownSourceLetter);
}

async function rows(pipeline: DaemonPipeline, database: 'source' | 'warehouse'): Promise<string> {
  const client = await pipeline.connect(database);
  const found = await client.query('SELECT id, n::text, note FROM t ORDER BY id');
  await client.end();
  return found.rows.map((row) => Object.values(row as object).join(':')).join(' ');
}

/** Letters of any number of lives stand once each, in the order of their changes. */
const notes = (found: readonly ShownSourceLetter[]): unknown[] =>
  found.map(({ value }) => (value as { readonly after: { readonly note: string } }).after.note);

test('rows without a form in their schema: others flow, killed or not (S11)', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: '  errors.tolerance: all',
  });
  const source = await pipeline.connect('source');
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 1);
  }
  const points = ['source.batch-encoded', 'source.appended', 'source.confirmed'] as const;
  for (const [round, point] of points.entries()) {
    await source.query(`INSERT INTO t VALUES (${10 + round}, 'NaN', '${point}')`);
    await source.query(`UPDATE t SET n = n + 1 WHERE id = 2`);
    await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  await source.query(`UPDATE t SET n = 'NaN', note = 'last' WHERE id = 2`);
  const status = await daemon.until((one) => (one.source.deadLetters ?? 0) > 0);
  expect(status.source.error).toBeNull();
  await eventually(async () => expect(notes(await letters(pipeline)).at(-1)).toBe('last'));
  const found = await letters(pipeline);
  expect(notes(found)).toEqual(['snapshot', ...points, 'last']);
  expect(found.at(-1)).toMatchObject({
    source: 'copy',
    topic: 'copy.public.t',
    stage: 'VALUE_CONVERTER',
    code: 'VALUE_CONVERSION',
    key: { id: '2' },
    value: { op: 'u', before: { id: '2', n: '5.00' }, after: { n: 'NaN' } },
  });
  expect(found.at(-1)?.message).toContain('public.t.n');
  await daemon.until(({ sinks }) => sinks[0]?.lagRecords === 0);
  expect(await rows(pipeline, 'warehouse')).toBe('2:5.00:fine');
  expect((await runProgram(['status', pipeline.file])).stdout).toContain('became no record');
  const metrics = await (await fetch(`http://127.0.0.1:${pipeline.port}/metrics`)).text();
  expect(metrics).toMatch(/tidemark_source_dead_letters_total\{.*\} \d/);
  const listed = JSON.parse((await dlq(pipeline, 'list', '--json')).stdout) as SourceLetters[];
  expect(listed[0]).toMatchObject({ source: 'copy', loose: [{ letters: 5 }] });
  const replayed = await dlq(pipeline, 'replay', '--source');
  expect([replayed.code, replayed.stderr]).toEqual([1, expect.stringContaining('SOURCE_LETTER')]);

  // Their old images have the value still: five letters more, and the rows come by the snapshot.
  await source.query(`UPDATE t SET n = id WHERE n = 'NaN'`);
  const read = await runProgram(['snapshot', pipeline.file, '--tables', 'public.t']);
  expect([read.code, read.stderr]).toEqual([0, '']);
  await eventually(async () =>
    expect(await rows(pipeline, 'warehouse')).toBe(await rows(pipeline, 'source')),
  );
  expect((await dlq(pipeline, 'drop', '--source', '--yes')).stderr).toContain('STORE_LOCKED');
  expect(await daemon.stop()).toBe(0);
  expect((await dlq(pipeline, 'drop', '--source')).stderr).toContain(
    '10 changes would be forgotten',
  );
  const dropped = await dlq(pipeline, 'drop', '--source', '--yes');
  expect(dropped.stdout).toContain('10 dead letters were given up');
  expect((await dlq(pipeline, 'list')).stdout).toContain('There are no dead letters.');
});

test('a transform that fails: the record as it was before it, then in order again', async () => {
  const extraSource = `  errors.tolerance: all
  errors.deadletterqueue.topic.name: copy.dead
  errors.log.enable: true
  errors.log.include.messages: true
  transforms: mine
  transforms.mine.type: ./mine.ts
  transforms.mine.cured: CURED`;
  await using pipeline = await daemonPipeline({
    schema: SCHEMA.replace("'NaN'", '1'),
    extraSource,
  });
  const folder = path.dirname(pipeline.file);
  const cured = path.join(folder, 'cured');
  writeFileSync(
    path.join(folder, 'mine.ts'),
    MODULE.replace('properties.cured', JSON.stringify(cured)),
  );
  const source = await pipeline.connect('source');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.applied === 2);
  await source.query(`BEGIN; UPDATE t SET note = 'poison' WHERE id = 1;
    UPDATE t SET note = 'more' WHERE id = 2; COMMIT`);
  await source.query(`UPDATE t SET id = 3, note = 'poison' WHERE id = 1`);
  await daemon.until(({ source: view }) => view.deadLetters === 2);
  await daemon.until(({ sinks }) => sinks[0]?.lagRecords === 0);
  const found = await letters(pipeline);
  expect(found.map(({ stage, code, key }) => [stage, code, key])).toEqual([
    ['TRANSFORMATION', 'TRANSFORM', { id: 1 }],
    ['TRANSFORMATION', 'TRANSFORM', { id: 3 }],
  ]);
  expect(found[0]?.value).toMatchObject({ op: 'u', before: { note: 'snapshot' } });
  expect(daemon.output).toMatch(/record given to the dead letters: transforms\.mine/);
  expect(daemon.output).toContain('"lsn"');
  // The delete at the old key is a record of its own, and was none that failed.
  expect(await rows(pipeline, 'warehouse')).toBe('2:2.00:more');
  writeFileSync(cured, '');
  const read = await runProgram(['snapshot', pipeline.file, '--tables', 'public.t']);
  expect([read.code, read.stderr]).toEqual([0, '']);
  await eventually(async () =>
    expect(await rows(pipeline, 'warehouse')).toBe(await rows(pipeline, 'source')),
  );
  // Nothing of the letters is a table of the target.
  const warehouse = await pipeline.connect('warehouse');
  const tables = await warehouse.query("SELECT 1 FROM pg_tables WHERE tablename LIKE '%dead%'");
  expect(tables.rows).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

test('without errors.tolerance the source stops and says why', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA });
  await using daemon = Daemon.start(pipeline);
  const { code } = await daemon.ended;
  expect(code).not.toBe(0);
  expect(daemon.output).toContain('VALUE_CONVERSION');
});
