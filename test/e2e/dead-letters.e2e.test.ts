import { expect, test } from 'vitest';
import type { SinkLetters, ShownLetter } from '../../src/runtime/dead-letters.ts';
import { runProgram } from '../support/cli-process.ts';
import type { DaemonPipeline } from '../support/daemon-pipeline.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { Daemon } from '../support/daemon.ts';

const SCHEMA = `CREATE TABLE items (id int PRIMARY KEY, n int);
  ALTER TABLE items REPLICA IDENTITY FULL;
  INSERT INTO items VALUES (1, 1), (2, 2)`;

const PARKS_KEYS = '    errors.park: key\n';

async function dlq(pipeline: DaemonPipeline, ...args: readonly string[]) {
  const [command = 'list', ...flags] = args;
  return runProgram(['dlq', command, pipeline.file, ...flags]);
}

async function listed(pipeline: DaemonPipeline): Promise<readonly SinkLetters[]> {
  const { stdout, stderr } = await dlq(pipeline, 'list', '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as SinkLetters[];
}

async function items(pipeline: DaemonPipeline, database: 'source' | 'warehouse'): Promise<string> {
  const client = await pipeline.connect(database);
  const { rows } = await client.query('SELECT id, n FROM items ORDER BY id');
  await client.end();
  return rows.map(({ id, n }) => `${String(id)}:${String(n)}`).join(' ');
}

/** The target takes nothing from 100 on. */
async function refuseLarge(pipeline: DaemonPipeline): Promise<void> {
  const warehouse = await pipeline.connect('warehouse');
  await warehouse.query('ALTER TABLE items ADD CONSTRAINT small CHECK (n < 100)');
}

async function cure(pipeline: DaemonPipeline): Promise<void> {
  const warehouse = await pipeline.connect('warehouse');
  await warehouse.query('ALTER TABLE items DROP CONSTRAINT small');
}

test('a key waits, is listed, shown and replayed beside the daemon (S11)', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSink: PARKS_KEYS });
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.applied === 2);
  await refuseLarge(pipeline);
  const source = await pipeline.connect('source');
  await source.query('UPDATE items SET n = 100 WHERE id = 1');
  // In one batch with later changes of the row it would not come to be written.
  await daemon.until(({ sinks }) => sinks[0]?.parkedKeys?.count === 1);
  // Not mended yet: it fails at the same record, and says so.
  const early = await dlq(pipeline, 'replay');
  expect(early.code).toBe(1);
  expect(early.stdout).toContain('0 records applied');
  await source.query('UPDATE items SET n = 3 WHERE id = 2');
  await source.query('UPDATE items SET n = 5 WHERE id = 1');
  await source.query('UPDATE items SET id = 9 WHERE id = 1');
  const waiting = await daemon.until(({ sinks }) => sinks[0]?.parkedKeys?.count === 2);
  await daemon.until(({ sinks }) => sinks[0]?.lagRecords === 0);
  expect(waiting.healthy).toBe(false);
  expect(await items(pipeline, 'warehouse')).toBe('1:1 2:3');

  const [found] = await listed(pipeline);
  expect(found).toMatchObject({ sink: 'warehouse', letterTopic: '__tidemark.dlq.warehouse' });
  expect(found?.keys.map(({ key, letters }) => [key, letters])).toEqual([
    ['{"id":1}', 4],
    ['{"id":9}', 1],
  ]);
  expect(found?.keys[0]?.message).toContain('small');
  const shown = await dlq(pipeline, 'show', '--json', '--key', '{ "id": 1 }');
  const letters = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ShownLetter);
  expect(letters.map(({ stage, waits, code }) => [stage, waits, code])).toEqual([
    ['TASK_PUT', true, 'SINK_RECORD'],
    ['TASK_PUT', true, 'SINK_KEY_PARKED'],
    ['TASK_PUT', true, 'SINK_KEY_PARKED'],
    ['TASK_PUT', true, 'SINK_KEY_PARKED'],
  ]);
  expect(letters[0]).toMatchObject({ key: { id: 1 }, value: { after: { id: 1, n: 100 } } });
  expect((await runProgram(['status', pipeline.file])).stdout).toContain('keys wait');
  const metrics = await (await fetch(`http://127.0.0.1:${pipeline.port}/metrics`)).text();
  expect(metrics).toMatch(/tidemark_sink_parked_keys\{.*\} 2/);

  expect((await dlq(pipeline, 'drop')).code).not.toBe(0);
  await cure(pipeline);
  const replayed = await dlq(pipeline, 'replay');
  expect(replayed.stdout).toContain('5 records applied, 2 of 2 keys are free');
  expect(replayed.code).toBe(0);
  expect(await items(pipeline, 'warehouse')).toBe(await items(pipeline, 'source'));
  await source.query('UPDATE items SET n = 6 WHERE id = 9');
  const healed = await daemon.until(({ sinks }) => sinks[0]?.parkedKeys?.count === 0);
  expect(healed.healthy).toBe(true);
  expect(await items(pipeline, 'warehouse')).toBe('2:3 9:6');
  expect(await daemon.stop()).toBe(0);
});

test('kill -9 at each boundary: nothing is lost, nothing applied twice', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSink: PARKS_KEYS });
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ sinks }) => sinks[0]?.applied === 2);
  }
  await refuseLarge(pipeline);
  const warehouse = await pipeline.connect('warehouse');
  await warehouse.query(`CREATE TABLE changes (id int, n int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO public.changes VALUES (NEW.id, NEW.n); RETURN NULL; END $$;
    CREATE TRIGGER noted AFTER INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note()`);
  const source = await pipeline.connect('source');
  const points = ['sink.letters-sent', 'sink.letters-sent', 'sink.applied'] as const;
  for (const [round, point] of points.entries()) {
    await source.query(`UPDATE items SET n = ${100 + round} WHERE id = 1`);
    await source.query(`UPDATE items SET n = ${50 + round} WHERE id = 2`);
    await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  await source.query('UPDATE items SET n = 7 WHERE id = 1');
  await using daemon = Daemon.start(pipeline);
  await daemon.until(
    ({ sinks }) => sinks[0]?.lagRecords === 0 && sinks[0].parkedKeys?.first[0]?.letters === 4,
  );
  const noted = await warehouse.query('SELECT n FROM changes WHERE id = 2');
  const values = noted.rows.map(({ n }) => Number(n));
  // A batch may have reduced several changes of the row to the last.
  expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
  expect(values.at(-1)).toBe(52);
  await cure(pipeline);
  const replayed = await dlq(pipeline, 'replay', '--json');
  expect(JSON.parse(replayed.stdout)).toMatchObject([{ applied: 4, keys: [{ letters: 0 }] }]);
  expect(await items(pipeline, 'warehouse')).toBe(await items(pipeline, 'source'));
  // Letters that were told twice are not applied twice, also by a second replay.
  expect((await dlq(pipeline, 'replay')).stdout).toContain('0 records applied');
});

test('as Connect: errors.tolerance all gives the record away, with its headers', async () => {
  const extraSink = `    errors.tolerance: all
    errors.park: record
    errors.deadletterqueue.topic.name: copy.dead
    errors.log.enable: true
`;
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSink });
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => sinks[0]?.applied === 2);
  await refuseLarge(pipeline);
  const source = await pipeline.connect('source');
  await source.query('UPDATE items SET n = 100 WHERE id = 1');
  const status = await daemon.until(({ sinks }) => sinks[0]?.deadLetters === 1);
  await source.query('UPDATE items SET n = 3 WHERE id = 2');
  await source.query('UPDATE items SET n = 5 WHERE id = 1');
  await daemon.until(({ sinks }) => sinks[0]?.applied === 5);
  expect(status.sinks[0]?.error).toBeNull();
  await daemon.until(({ sinks }) => sinks[0]?.lagRecords === 0);
  expect(await items(pipeline, 'warehouse')).toBe('1:5 2:3');
  const tail = await runProgram([
    'tail',
    'copy.dead',
    '--file',
    pipeline.file,
    '--from-beginning',
    '--json',
  ]);
  const [letter] = tail.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly headers: Record<string, string> });
  const headers = letter?.headers ?? {};
  const trace = headers['__connect.errors.exception.stacktrace'];
  expect(trace).toMatch(/^org\.apache\.kafka\.connect\.errors\.ConnectException: .*\n\tat /);
  expect(headers).toMatchObject({
    '__connect.errors.topic': 'copy.public.items',
    '__connect.errors.partition': '0',
    '__connect.errors.offset': '2',
    '__connect.errors.connector.name': 'warehouse',
    '__connect.errors.task.id': '0',
    '__connect.errors.stage': 'TASK_PUT',
    '__connect.errors.class.name': 'org.apache.kafka.connect.sink.SinkTask',
    '__connect.errors.exception.class.name': 'org.apache.kafka.connect.errors.ConnectException',
  });
  expect(headers['__connect.errors.exception.message']).toContain('small');
  const [found] = await listed(pipeline);
  expect(found).toMatchObject({
    keys: [],
    loose: [{ topic: 'copy.public.items', stage: 'TASK_PUT', code: 'SINK_RECORD', letters: 1 }],
  });
  // Nothing of it is a table of the target.
  const warehouse = await pipeline.connect('warehouse');
  const { rows } = await warehouse.query("SELECT 1 FROM pg_tables WHERE tablename LIKE '%dead%'");
  expect(rows).toEqual([]);
});
