import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import type { SchemaMemory, SchemaStatement } from '../../src/model/change-event.ts';
import { SourceSchemaHistory } from '../../src/runtime/source-schema-history.ts';
import { checkpointOf, recoverCatalog } from '../../src/source/mysql/history/schema-history.ts';
import { SchemaMemories } from '../../src/source/mysql/history/schema-memory.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { binlogOrigin } from '../rowpath/encoder-harness.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { applyAll, MYSQL, statementContext } from '../support/mysql-ddl.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();
const POSITION = { ts_sec: 1, file: 'binlog.000001', pos: 231_879, server_id: 7 };

/** Statements of a source, with the catalog that they lead to. */
function source() {
  const catalog = new TableCatalog(0);
  const memories = new SchemaMemories(null);
  memories.base(catalog);
  const tell = (ddl: string): SchemaStatement => {
    const changes = applyAll(catalog, [ddl], statementContext(MYSQL));
    const memory = memories.of(changes, catalog, POSITION);
    return { origin: binlogOrigin(), database: 'shop', tables: ['t'], ddl, changes: [], memory };
  };
  return { catalog, memories, tell };
}

async function opened(): Promise<
  AsyncDisposable & { readonly transport: Transport; readonly history: SourceSchemaHistory }
> {
  const folder = await temporaryFolder('history');
  const transport = await openEmbeddedTransport({ path: folder.path });
  const clock = new FakeClock();
  const parts = { transport, name: 'copy', topic: 'history', topicPrefix: 'p', clock };
  const history = new SourceSchemaHistory(parts);
  return {
    transport,
    history,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function append(
  { transport, history }: { readonly transport: Transport; readonly history: SourceSchemaHistory },
  statements: readonly SchemaStatement[],
): Promise<void> {
  await history.prepare();
  const batch = new RecordBatch();
  for (const statement of statements) history.write(statement, batch);
  await transport.append(batch, null);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}

test("a statement in Debezium's form, and what a restart needs beside it", async () => {
  await using log = await opened();
  const { tell } = source();
  const told = tell('CREATE TABLE t (id INT)');
  const { memory: _memory, ...forgotten } = told;
  await append(log, [told, forgotten]);
  await using consumer = await log.transport.consumer({
    group: 'g',
    topics: ['history'],
    register: false,
  });
  const [fetched] = await consumer.poll({ maxBytes: 1e6, maxWaitMs: 1000, signal });
  expect(fetched?.records).toHaveLength(1);
  expect(fetched?.records[0]?.key).toBeNull();
  expect(JSON.parse(fetched?.records[0]?.value?.toString() ?? '')).toMatchObject({
    source: { server: 'p' },
    position: POSITION,
    ts_ms: 1_700_000_000_000,
    databaseName: 'shop',
    ddl: 'CREATE TABLE t (id INT)',
    tableChanges: [],
    tidemark: { sequence: 1 },
  });
});

test('the catalog of the topic, or of a checkpoint and what came later', async () => {
  await using log = await opened();
  const { catalog, memories, tell } = source();
  await append(log, [tell('CREATE TABLE t (id INT)'), tell('ALTER TABLE t ADD v INT')]);
  const columns = async (): Promise<number | undefined> => {
    const found = await recoverCatalog(log.history, memories.place, 0, signal);
    return found?.catalog.table('shop', 't')?.columns.length;
  };
  expect(await columns()).toBe(2);
  expect(await log.history.saveCheckpoint(() => checkpointOf(memories.place, catalog))).toBe(true);
  expect(log.history.checkpoint()).toMatchObject({ sequence: 2, from: 2 });
  await append(log, [tell('ALTER TABLE t ADD w INT')]);
  const read: SchemaMemory[] = [];
  for await (const memory of log.history.memories(memories.place.epoch, 2, signal)) {
    read.push(memory);
  }
  expect(read.map(({ sequence }) => sequence)).toEqual([3]);
  expect(await columns()).toBe(3);
});

test('a checkpoint of many tables is stored in parts, of which none stays behind', async () => {
  await using log = await opened();
  const { catalog, memories, tell } = source();
  for (let i = 0; i < 400; i++) {
    // Names that do not compress, and are names whatever comes out.
    const noise = Array.from({ length: 30 }, (_, column) => `c${digest(`${i}/${column}`)}`);
    tell(`CREATE TABLE t${i} (${noise.map((name) => `${name} INT COMMENT '${name}x'`).join(',')})`);
  }
  const parts = (): number => log.transport.documents.entries('schema-history').length - 1;
  await log.history.saveCheckpoint(() => checkpointOf(memories.place, catalog));
  expect(log.history.checkpoint()?.catalog.tables).toHaveLength(400);
  const many = parts();
  await log.history.saveCheckpoint(() => checkpointOf(memories.place, new TableCatalog(0)));
  expect(log.history.checkpoint()?.catalog.tables).toHaveLength(0);
  expect(parts()).toBe(1);
  expect(many).toBeGreaterThanOrEqual(1);
});

test('nothing is stored while statements are on their way; what is broken is none', async () => {
  await using log = await opened();
  expect(log.history.checkpoint()).toBeNull();
  expect(await log.history.saveCheckpoint(() => null)).toBe(false);
  expect(log.history.checkpoint()).toBeNull();
  const { catalog, memories } = source();
  await log.history.saveCheckpoint(() => checkpointOf(memories.place, catalog));
  await log.transport.documents.write([
    { collection: 'schema-history', key: 'copy/0', value: 'no zstd' },
  ]);
  expect(log.history.checkpoint()).toBeNull();
});

test('without the topic nothing is remembered', async () => {
  await using log = await opened();
  expect(await recoverCatalog(log.history, { epoch: 'e', sequence: 1 }, 0, signal)).toBeNull();
});
