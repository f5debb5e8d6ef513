import { DatabaseSync } from 'node:sqlite';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { shapeDifference } from '../../src/evolution/shape-difference.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { ShapeVerdicts } from '../../src/runtime/shape-verdicts.ts';
import { envelopeOptionsOf } from '../../src/runtime/source-options.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { column, schemaOf, shape } from '../support/shape-fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const int: ConnectSchema = { type: 'int32', optional: true };
const text: ConnectSchema = { type: 'string', optional: true };
const key: ConnectSchema = { type: 'int32', optional: false };
const BEFORE = schemaOf({ id: key, a: int });
const RETYPED = schemaOf({ id: key, a: text });
const WIDER = schemaOf({ id: key, a: int, b: text });
/** JSON takes any name. */
const SPOKEN = schemaOf({ id: key, a: int, 'two words': text });
const CHANGES = shapeDifference(
  shape([column('id'), column('a')]),
  shape([column('id'), column('a', { type: 'text' })]),
);

function judgeOf(
  source: Readonly<Record<string, unknown>>,
  sinks: readonly unknown[],
  registry = new EmbeddedRegistry(new MemoryDocuments()),
) {
  const config = parsedPipeline({ source, sinks });
  const envelope = envelopeOptionsOf(config.source);
  const verdicts = new ShapeVerdicts({
    config,
    envelope,
    builtIn: registry,
    clock: systemClock,
    askingMs: 20_000,
  });
  return {
    envelope,
    judge: (after: TableSchema) => verdicts.judge(CHANGES, BEFORE, after, null),
  };
}

const AVRO = { 'key.converter': 'avro', 'value.converter': 'avro' };

test('the registry that is built in: its level of the subject, and all that it has', async () => {
  const registry = new EmbeddedRegistry(new MemoryDocuments());
  const { envelope, judge } = judgeOf(AVRO, [], registry);
  const subject = 'shop.public.t-value';
  for (const table of [RETYPED, BEFORE]) {
    await registry.setCompatibility(subject, 'NONE');
    await registry.register(subject, avroSchemaText(tableRecordSchemas(table, envelope).envelope));
  }
  await registry.setCompatibility(subject, 'BACKWARD');
  expect((await judge(WIDER)).subjects).toMatchObject([
    { subject, level: 'BACKWARD', grade: 'info', isRefused: false },
  ]);
  expect((await judge(RETYPED)).subjects).toMatchObject([{ level: 'BACKWARD', isRefused: true }]);
  // The first of all versions had a text there.
  await registry.setCompatibility(subject, 'BACKWARD_TRANSITIVE');
  expect((await judge(WIDER)).subjects).toMatchObject([{ grade: 'breaking', isRefused: true }]);
});

test('without a registry readers are judged by what they had', async () => {
  const json = { 'key.converter': 'json', 'value.converter': 'json' };
  const { judge } = judgeOf({ ...json, 'field.name.adjustment.mode': 'none' }, []);
  expect((await judge(RETYPED)).subjects).toMatchObject([
    { subject: 'shop.public.t-value', level: null, grade: 'breaking', isRefused: false },
  ]);
  expect((await judge(BEFORE)).subjects).toEqual([]);
  const [spoken] = (await judge(SPOKEN)).subjects;
  expect(spoken?.text).toContain('field two words is new');
});

test('a registry that does not answer: what is usual, and why', async () => {
  const away = { 'schema.registry.url': 'http://127.0.0.1:1' };
  const urls = Object.entries(away).flatMap(([name, url]) =>
    ['key', 'value'].map((side) => [`${side}.converter.${name}`, url] as const),
  );
  const { judge } = judgeOf({ ...AVRO, ...Object.fromEntries(urls) }, []);
  const { subjects } = await judge(RETYPED);
  expect(subjects).toMatchObject([{ level: 'BACKWARD', isRefused: true }]);
  expect(subjects[0]?.text).toContain('the registry could not be asked');
});

test('each sink is asked what it will do with its own target', async () => {
  await using folder = await temporaryFolder('verdicts');
  const file = path.join(folder.path, 'shop.db');
  using database = new DatabaseSync(file);
  database.exec('CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INTEGER) STRICT');
  const sql = (name: string, more: Readonly<Record<string, unknown>>) => ({
    name,
    'connector.class': 'jdbc',
    'connection.url': `jdbc:sqlite:${file}`,
    'topics.regex': 'shop\\..*',
    'table.name.format': '${source.table}',
    ...more,
  });
  const { judge } = judgeOf({}, [
    sql('evolving', { 'auto.evolve': true }),
    sql('fixed', { 'auto.evolve': false }),
    sql('other', { 'topics.regex': 'elsewhere\\..*' }),
    { name: 'lines', 'connector.class': 'file', 'topics.regex': 'shop\\..*', file: `${file}.txt` },
    sql('away', { 'connection.url': 'jdbc:postgresql://127.0.0.1:1/shop' }),
  ]);
  const outcomes = async (after: TableSchema) =>
    (await judge(after)).sinks.map(({ sink, outcome }) => `${sink} ${outcome}`);
  expect(await outcomes(WIDER)).toEqual([
    'evolving alters',
    'fixed parks',
    'other unaffected',
    'lines takes',
    'away unknown',
  ]);
  const { sinks, grade } = await judge(RETYPED);
  expect(sinks[0]).toMatchObject({ outcome: 'parks' });
  expect(sinks[0]?.cure).toMatch(/\S/);
  expect(grade).toBe('breaking');
});

// Without a key there are no later records of it to keep apart from those that can be applied.
test('records without a key are no dead letters of their shape: the table is parked', async () => {
  await using folder = await temporaryFolder('verdicts');
  const file = path.join(folder.path, 'shop.db');
  using database = new DatabaseSync(file);
  database.exec('CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INTEGER) STRICT');
  const { judge } = judgeOf({}, [
    {
      name: 'letters',
      'connector.class': 'jdbc',
      'connection.url': `jdbc:sqlite:${file}`,
      'topics.regex': 'shop\\..*',
      'table.name.format': '${source.table}',
      'schema.evolution.policy': 'dead_letter',
      'errors.park': 'key',
    },
  ]);
  const outcomes = async (after: TableSchema) =>
    (await judge(after)).sinks.map(({ outcome }) => outcome);
  expect(await outcomes(RETYPED)).toEqual(['dead letters']);
  expect(await outcomes({ ...BEFORE, keyColumns: [] })).toEqual(['parks']);
});

/** Takes connections, and says nothing; the port. */
async function silentServer(stack: AsyncDisposableStack): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

// An alert may wait for a slow target as long as it still arrives within two seconds of its change.
test.each([
  ['just now', 0, 1500],
  ['a little while ago', 600, 1100],
  ['by a clock that is ahead', -5000, 1500],
  ['long ago', 60_000, 700],
  ['nobody knows when', null, 700],
] as const)(
  'a target that does not answer, of a change that happened %s',
  async (_, ago, limit) => {
    await using stack = new AsyncDisposableStack();
    const url = `jdbc:postgresql://127.0.0.1:${await silentServer(stack)}/shop`;
    const login = { 'connection.user': 'u', 'connection.password': 'p', 'topics.regex': 'shop.*' };
    const slow = { name: 'slow', 'connector.class': 'jdbc', 'connection.url': url, ...login };
    const config = parsedPipeline({ source: {}, sinks: [slow] });
    const clock = new FakeClock();
    const envelope = envelopeOptionsOf(config.source);
    const builtIn = new EmbeddedRegistry(new MemoryDocuments());
    const verdicts = new ShapeVerdicts({ config, envelope, builtIn, clock });
    const happenedMs = ago === null ? undefined : clock.nowMs() - ago;
    const judged = verdicts.judge(CHANGES, BEFORE, WIDER, null, happenedMs);
    // The registry that is built in answers at once.
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(limit - 1);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    const { sinks, command } = await judged;
    expect(sinks).toMatchObject([{ sink: 'slow', outcome: 'unknown' }]);
    expect(command).toBe('tidemark plan <pipeline file>');
  },
);
