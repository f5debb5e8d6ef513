import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { importDebezium } from '../../src/runtime/import-debezium.ts';
import { SourceSchemaHistory } from '../../src/runtime/source-schema-history.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// A history in Kafka is read in test/e2e/debezium-binlog-takeover.e2e.test.ts.

const RECORDED = path.join(import.meta.dirname, '../golden/history/debezium-3.6.0-mysql.jsonl');
const PREFIX = 'g_mysql_schema_history';
const CONFIG = {
  'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
  'topic.prefix': PREFIX,
  'database.hostname': 'db',
  'database.user': 'u',
  'database.server.id': '5701',
  'schema.history.internal': 'io.debezium.storage.file.history.FileSchemaHistory',
  'schema.history.internal.file.filename': 'history.dat',
};
const OFFSET = { file: 'binlog.000001', pos: 700_000, server_id: 80 };

/** A connector's file with its history beside it, and the pipeline that it becomes. */
async function place(change: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder('import');
  const at = (name: string): string => path.join(folder.path, name);
  const partition = { server: PREFIX };
  const config = { ...CONFIG, ...change };
  const document = { name: 'orders', config, offsets: [{ partition, offset: OFFSET }] };
  writeFileSync(at('orders.json'), JSON.stringify(document));
  const run = async () =>
    await importDebezium(
      {
        sources: [at('orders.json')],
        connector: undefined,
        output: at('orders.yaml'),
        dryRun: false,
        environment: {},
        bootstrapServers: undefined,
        offsetsTopic: undefined,
      },
      new AbortController().signal,
      systemClock,
    );
  /** The statements that a start would find. */
  const told = async (): Promise<readonly (string | null)[]> => {
    await using transport = await openEmbeddedTransport({
      path: at('orders-data'),
      readOnly: true,
    });
    const topic = `__tidemark.history.${PREFIX}`;
    const parts = { transport, name: 'orders', topic, topicPrefix: PREFIX, clock: systemClock };
    const history = new SourceSchemaHistory(parts);
    const found: (string | null)[] = [];
    for await (const { ddl } of history.told(new AbortController().signal)) found.push(ddl);
    return found;
  };
  return { at, run, told, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const lines = readFileSync(RECORDED, 'utf8').trimEnd().split('\n');
const statements = lines.map((line) => (JSON.parse(line) as { readonly ddl: string }).ddl);

test('the history of a file is in the log of the pipeline, once', async () => {
  await using pipeline = await place();
  const { at, run, told } = pipeline;
  const other = JSON.stringify({ source: { server: 'other' }, ddl: 'CREATE TABLE x (id INT)' });
  writeFileSync(at('history.dat'), [...lines.slice(0, 80), other, ''].join('\n'));
  expect(await run()).toMatchObject({ adoption: 'adopted', problems: [] });
  expect(await told()).toEqual(statements.slice(0, 80));
  // A later import brings what was told since.
  copyFileSync(RECORDED, at('history.dat'));
  await run();
  await run();
  expect(await told()).toEqual(statements);
});

test('a history that cannot be read is a refusal that says how to go on without', async () => {
  await using pipeline = await place();
  await expect(pipeline.run()).rejects.toMatchObject({
    errors: [
      {
        code: 'HANDOVER_REFUSED',
        message: expect.stringMatching(
          /history of orders cannot be read: .*history\.dat/,
        ) as string,
        cure: expect.stringContaining('recovery') as string,
      },
    ],
  });
  writeFileSync(pipeline.at('history.dat'), '');
  await expect(pipeline.run()).rejects.toThrow(`it has no statements of ${PREFIX}`);
  await using elsewhere = await place({
    'schema.history.internal': 'io.debezium.storage.redis.history.RedisSchemaHistory',
  });
  await expect(elsewhere.run()).rejects.toThrow('it is in io.debezium.storage.redis');
});

test('who wants the shapes of now needs no history', async () => {
  await using pipeline = await place({ 'snapshot.mode': 'recovery' });
  expect(await pipeline.run()).toMatchObject({ adoption: 'adopted', problems: [] });
  expect(await pipeline.told()).toEqual([]);
});
