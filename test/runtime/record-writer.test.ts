import { describe, expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { StringConverter } from '../../src/converter/string-converter.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../../src/model/connect-record.ts';
import { RecordWriter } from '../../src/runtime/record-writer.ts';
import { TransformWaits } from '../../src/transform/transform-waits.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { TopicRoutes } from '../../src/runtime/topic-routes.ts';
import type { DocumentStore, TopicDescription, Transport } from '../../src/transport/transport.ts';
import { readBatch, WIRES, type Wire } from '../rowpath/encoder-harness.ts';
import { sourceLetterLog } from '../support/source-letter-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ROW } from '../support/transform-records.ts';

const record = (topic: string, id: number): ConnectRecord => ({
  topic,
  key: { schema: { type: 'string', optional: false }, value: `k${id}` },
  value: { schema: ROW, value: { schema: ROW, values: [id, null, null] } },
  headers: [{ name: 'n', schema: { type: 'int64', optional: false }, value: 5n }],
  timestampMs: id,
});

function setUp(schemasEnable = false): { writer: RecordWriter; opened: string[] } {
  const opened: string[] = [];
  const transport: Pick<Transport, 'openTopic' | 'describeTopic'> = {
    openTopic: (name) => Promise.resolve(opened.push(name)),
    describeTopic: () => Promise.resolve({ partitions: [{}, {}] } as unknown as TopicDescription),
  };
  const converter = new JsonConverter({ schemasEnable });
  const writer = new RecordWriter({
    transport: transport as Transport,
    key: converter,
    value: converter,
    topicOptions: {},
    apply: (given) => (given.topic === 'dropped' ? null : given),
  });
  return { writer, opened };
}

const shown = (batch: RecordBatch): (string | null)[] =>
  readBatch(batch, WIRES[1] as Wire).map(({ value }) => value);

describe('a record writer', () => {
  test('keeps records whose topic is new, and all behind them, in order', async () => {
    const { writer, opened } = setUp();
    const batch = new RecordBatch();
    const first = record('a', 1);
    expect(writer.write(first, batch, 7)).toBe(1);
    expect(writer.write({ ...first, timestampMs: 2 }, batch, 7)).toBe(1);
    expect([batch.count, writer.isWaiting]).toEqual([0, true]);
    await writer.drain(() => batch, new AbortController().signal);
    expect([batch.count, writer.isWaiting, opened]).toEqual([2, false, ['a']]);
    writer.write({ ...first, timestampMs: null }, batch, 3);
    expect(batch.timestampsMs.slice(0, 3)).toEqual(new Float64Array([1, 2, 3]));
    const [{ headers } = { headers: [] }] = readBatch(batch, WIRES[1] as Wire);
    expect(headers).toEqual([['n', '5']]);
  });

  test('drops what a transform drops', () => {
    const { writer } = setUp();
    expect(writer.write(record('dropped', 1), new RecordBatch(), 1)).toBe(0);
    expect(writer.isWaiting).toBe(false);
  });

  test('tells a null with a schema from a tombstone', async () => {
    const { writer } = setUp(true);
    const batch = new RecordBatch();
    const schema = { type: 'string', optional: true } as const;
    writer.write({ ...record('a', 1), value: { schema, value: null } }, batch, 1);
    writer.write({ ...record('a', 1), value: { schema: null, value: null } }, batch, 1);
    await writer.drain(() => batch, new AbortController().signal);
    expect(shown(batch)).toEqual([
      '{"schema":{"type":"string","optional":true},"payload":null}',
      null,
    ]);
  });

  test('forgets what waited in a former life', () => {
    const { writer } = setUp();
    writer.write(record('a', 1), new RecordBatch(), 1);
    writer.clear();
    expect(writer.isWaiting).toBe(false);
  });

  test('takes the partition that a transform chose, if the topic has it', async () => {
    const { writer } = setUp();
    const batch = new RecordBatch();
    const first = record('a', 1);
    writer.write(first, batch, 1);
    writer.write({ ...first, partition: 1 }, batch, 1);
    await writer.drain(() => batch, new AbortController().signal);
    writer.write({ ...first, partition: 0 }, batch, 1);
    expect([...batch.chosen]).toEqual([
      [1, 1],
      [2, 0],
    ]);
    expect(() => writer.write({ ...first, partition: 2 }, batch, 1)).toThrow(
      'partition 2 was chosen, a has 2 partitions',
    );
    expect(batch.count).toBe(3);
  });

  test('tells the topic of a record it only looks at, and those of records before', async () => {
    const stored = new Map<string, string>();
    const documents: Pick<DocumentStore, 'get' | 'write'> = {
      get: (_, key) => stored.get(key) ?? null,
      write: (writes) => {
        for (const { key, value } of writes) stored.set(key, value ?? '');
        return Promise.resolve();
      },
    };
    const converter = new JsonConverter();
    const transport: Pick<Transport, 'openTopic'> = { openTopic: () => Promise.resolve(1) };
    const writer = new RecordWriter({
      transport: transport as Transport,
      key: converter,
      value: converter,
      topicOptions: {},
      routes: new TopicRoutes(documents as DocumentStore, 'p'),
      apply: (given) => {
        if (given.topic === 'broken') throw new TidemarkError('TRANSFORM', 'no field');
        return { ...given, topic: `x.${given.topic}` };
      },
    });
    expect([writer.topicOf(record('a', 1)), writer.topicOf(record('broken', 1))]).toEqual([
      'x.a',
      null,
    ]);
    expect(writer.topicsOf(new Set(['a']))).toEqual([]);
    const batch = new RecordBatch();
    writer.write(record('a', 1), batch, 1);
    await writer.drain(() => batch, new AbortController().signal);
    expect(writer.topicsOf(new Set(['a']))).toEqual(['x.a']);
    expect(stored.get('p')).toBe('{"a":["x.a"]}');
  });
});

describe('with dead letters', () => {
  /** Transforms refuse topics that begin with `no`; `late` asks somebody first. */
  async function withLetters() {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder('writer'));
    const log = stack.use(await sourceLetterLog(folder.path, 'dead', null));
    const asked = new Set<string>();
    const writer = new RecordWriter({
      transport: log.transport,
      key: new StringConverter(),
      value: new JsonConverter({ schemasEnable: false }),
      topicOptions: {},
      letters: log.letters,
      apply: (given, shared) => {
        if (given.topic === 'late' && !asked.has('late')) {
          throw new TransformWaits(() => Promise.resolve(void asked.add('late')));
        }
        shared?.push({ name: 'half', schema: ROW, value: null });
        if (/^(?:no|late)/.test(given.topic)) throw new TidemarkError('TRANSFORM', 'refused');
        return given.topic === 'apart' ? { ...given, partition: 7 } : given;
      },
    });
    const kept = stack.move();
    return { writer, log, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }

  const stages = (batch: RecordBatch): (string | undefined)[] =>
    readBatch(batch, WIRES[1] as Wire).map(
      ({ headers }) => headers.find(([name]) => name === '__connect.errors.stage')?.[1],
    );

  test('what fails stands in its place, and what comes behind it is written', async () => {
    await using bench = await withLetters();
    const { writer, log } = bench;
    const { batch, letters } = log;
    const shared: ConnectHeader[] = [];
    expect(writer.write(record('no', 1), batch, 7, shared)).toBe(0);
    expect(shared).toEqual([]);
    expect(stages(batch)).toEqual(['TRANSFORMATION']);
    for (const topic of ['a', 'late', 'apart', 'a']) writer.write(record(topic, 2), batch, 7);
    await writer.drain(() => batch, new AbortController().signal);
    expect(stages(batch)).toEqual([
      'TRANSFORMATION',
      undefined,
      'TRANSFORMATION',
      'TRANSFORMATION',
      undefined,
    ]);
    expect(letters.failed).toBe(3);
    // Schemas that are known, and a value that does not fit them.
    const misfit = { schema: ROW, value: { schema: ROW, values: [null, null, null] } };
    const known = record('a', 3);
    expect(writer.write(known, batch, 7)).toBe(1);
    await writer.drain(() => batch, new AbortController().signal);
    expect(writer.write({ ...known, value: misfit }, batch, 7)).toBe(0);
    expect(stages(batch).at(-1)).toBe('VALUE_CONVERTER');
    await log.flush();
  });

  test('a heartbeat that will fail each time does not stop the start', async () => {
    await using bench = await withLetters();
    await bench.writer.prepare(record('no', 1));
    expect(bench.log.letters.failed).toBe(0);
  });
});
