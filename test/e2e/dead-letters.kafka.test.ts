import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ShownLetter, SinkLetters } from '../../src/runtime/dead-letters.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily } from '../support/duckdb-arrivals.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { freshDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Fails on rows that are poison, until the file is there. */
const MODULE = `import { existsSync } from 'node:fs';
export function transform(properties: { readonly cured: string }, tools: any) {
  return (record: any) => {
    const row = record.value.value;
    const isPoison = row !== null && tools.get(row, 'note') === 'poison';
    if (isPoison && !existsSync(properties.cured)) throw new Error('poison');
    return record;
  };
}
`;

const ROWS = 'SELECT id::text, amount::text, note FROM items ORDER BY id';

/** Records that sinks read through transforms, which fail on some of them. */
async function poisoned() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder('poisoned'));
  const source = stack.use(await postgresFamily(await freshDatabase()));
  const copy = stack.use(await postgresFamily(await freshDatabase()));
  const file = path.join(folder.path, 'copy.db');
  const cured = path.join(folder.path, 'cured');
  const module = path.join(folder.path, 'mine.ts');
  writeFileSync(module, MODULE);
  const more = {
    'errors.park': 'key',
    'table.name.format': 'items',
    transforms: 'unwrap,mine,named',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.mine.type': module,
    'transforms.mine.cured': cured,
    'transforms.named.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
    'transforms.named.renames': 'n:amount',
  };
  const duckdb = duckdbFamily(file);
  const prefix = freshPrefix();
  const pipeline = stack.use(
    await familyPipeline(
      source,
      [
        { family: copy.family, sink: { ...copy.sink, ...more } },
        { family: 'duckdb', sink: { ...duckdb.sink, ...more } },
      ],
      {
        'topic.prefix': prefix,
        'table.include.list': 'public.items',
        'topic.creation.default.partitions': 2,
        'topic.creation.default.replication.factor': 1,
      },
      {
        type: 'kafka',
        'bootstrap.servers': sharedBroker().bootstrapServers,
        'offset.storage.topic': `${prefix}-offsets`,
        'state.storage.topic': `${prefix}-state`,
      },
    ),
  );
  const kept = stack.move();
  const dispose = (): Promise<void> => kept.disposeAsync();
  return { source, copy, file, cured, pipeline, [Symbol.asyncDispose]: dispose };
}

test('through Kafka and transforms into PostgreSQL and DuckDB: in order (S11)', async () => {
  await using made = await poisoned();
  const { source, copy, file, cured, pipeline } = made;
  const dlq = (command: string, ...flags: string[]) =>
    runProgram(['dlq', command, pipeline.file, ...flags]);
  await source.run(`CREATE TABLE items (id int PRIMARY KEY, n int, note text);
    INSERT INTO items VALUES (1, 1, 'a'), (2, 2, 'b')`);
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks.every(({ applied }) => applied === 2));
    await source.run(`UPDATE items SET n = 4, note = 'poison' WHERE id = 1`);
    await source.run(`UPDATE items SET n = 5, note = 'more' WHERE id = 1`);
    await source.run(`UPDATE items SET n = 6 WHERE id = 1`);
    await source.run(`UPDATE items SET n = 7 WHERE id = 2`);
    const status = await daemon.until(({ sinks }) =>
      sinks.every(({ parkedKeys, lagRecords }) => {
        return parkedKeys?.first[0]?.letters === 3 && lagRecords === 0;
      }),
    );
    expect(status.sinks.map(({ parkedKeys }) => parkedKeys?.count)).toEqual([1, 1]);
    // The file is the daemon's alone: who asks beside it is told.
    const beside = await dlq('list', '--sink', 'duckdb');
    expect([beside.code, beside.stderr]).toEqual([3, expect.stringContaining('SINK_CONNECT')]);
    expect(await daemon.stop()).toBe(0);
  }
  const listed = JSON.parse((await dlq('list', '--json')).stdout) as SinkLetters[];
  expect(listed.map(({ keys }) => keys.map(({ key, letters }) => [key, letters]))).toEqual([
    [['{"id":1}', 3]],
    [['{"id":1}', 3]],
  ]);
  const { stdout } = await dlq('show', '--sink', 'duckdb', '--json');
  const letters = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ShownLetter);
  expect(letters.map(({ stage, code }) => [stage, code])).toEqual([
    ['TRANSFORMATION', 'TRANSFORM'],
    ['TASK_PUT', 'SINK_KEY_PARKED'],
    ['TASK_PUT', 'SINK_KEY_PARKED'],
  ]);
  const early = await dlq('replay');
  expect([early.code, early.stdout]).toEqual([1, expect.stringContaining('0 records applied')]);
  writeFileSync(cured, '');
  const replayed = await dlq('replay', '--json');
  const one = { applied: 3, keys: [{ key: '{"id":1}', letters: 0, cause: null }] };
  expect(JSON.parse(replayed.stdout)).toMatchObject([one, one]);
  const wanted = [
    ['1', '6', 'more'],
    ['2', '7', 'b'],
  ];
  expect(await copy.rows(ROWS)).toEqual(wanted);
  expect(await askDuckdb(file, (rows) => rows(ROWS))).toEqual(wanted);
  // What was replayed does not come again, and the key goes on.
  await source.run('UPDATE items SET n = 8 WHERE id = 1');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks.every(({ applied }) => applied === 1));
  expect((await copy.rows(ROWS))[0]).toEqual(['1', '8', 'more']);
  expect(await daemon.stop()).toBe(0);
  expect((await askDuckdb(file, (rows) => rows(ROWS)))[0]).toEqual(['1', '8', 'more']);
});
