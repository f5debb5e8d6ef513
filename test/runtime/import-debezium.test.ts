import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { importDebezium } from '../../src/runtime/import-debezium.ts';
import { loadSourceOffset, toConnectEntries } from '../../src/runtime/source-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// Files here; a worker's REST interface and Kafka are in test/e2e/debezium-takeover.e2e.test.ts.

const CONFIG = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'topic.prefix': 'shop',
  'database.hostname': 'db',
  'database.user': 'u',
  'database.password': 'hidden',
  'database.dbname': 'd',
  'plugin.name': 'pgoutput',
};
const partition = { server: 'shop' };
const OFFSET = { lsn: 5, lsn_proc: 5, lsn_commit: 5, messageType: 'COMMIT', txId: 7 };

type Offset = Readonly<Record<string, string | number | boolean | null>>;

/** A connector's file in a folder of its own, and the pipeline that it becomes beside it. */
async function place(offset: Offset | null, config: Readonly<Record<string, string>> = CONFIG) {
  const folder = await temporaryFolder('import');
  const source = path.join(folder.path, 'orders.json');
  const output = path.join(folder.path, 'orders.yaml');
  const store = path.join(folder.path, 'orders-data');
  const write = (stored: Offset | null): void => {
    const offsets = stored === null ? [] : [{ partition, offset: stored }];
    writeFileSync(source, JSON.stringify({ name: 'orders', config, offsets }));
  };
  write(offset);
  const run = async (dryRun = false) =>
    await importDebezium(
      {
        sources: [source],
        connector: undefined,
        output,
        dryRun,
        environment: {},
        bootstrapServers: undefined,
        offsetsTopic: undefined,
      },
      new AbortController().signal,
      systemClock,
    );
  const stored = async () => {
    await using transport = await openEmbeddedTransport({ path: store, readOnly: true });
    return (await loadSourceOffset(transport, 'orders', partition)).offset?.offset;
  };
  return {
    run,
    write,
    stored,
    output,
    store,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test('file and offset are there, and a second run changes nothing', async () => {
  await using at = await place(OFFSET);
  expect(await at.run()).toMatchObject({ adoption: 'adopted', offset: OFFSET, problems: [] });
  const text = readFileSync(at.output, 'utf8');
  expect(text).not.toContain('hidden');
  expect(await at.stored()).toEqual(OFFSET);
  expect(await at.run()).toMatchObject({ adoption: 'adopted' });
  expect(readFileSync(at.output, 'utf8')).toBe(text);
  expect(await at.stored()).toEqual(OFFSET);
});

test('as long as Tidemark has not run, a later import brings the later offset', async () => {
  await using at = await place(OFFSET);
  await at.run();
  at.write({ ...OFFSET, lsn: 9, lsn_proc: 9, lsn_commit: 9 });
  await at.run();
  expect(await at.stored()).toMatchObject({ lsn_commit: 9 });
});

test('once it has, its own offset stays', async () => {
  await using at = await place(OFFSET);
  await at.run();
  const own = { ...OFFSET, lsn_commit: 8, 'tidemark.version': 2 };
  {
    await using transport = await openEmbeddedTransport({ path: at.store });
    await transport.storeOffset(toConnectEntries('orders', { partition, offset: own }));
  }
  expect(await at.run()).toMatchObject({ adoption: 'own' });
  expect(await at.stored()).toEqual(own);
});

test('without an offset the pipeline begins as a new one', async () => {
  await using at = await place(null);
  expect(await at.run()).toMatchObject({ adoption: 'none', offset: null });
  expect(existsSync(at.output)).toBe(true);
});

test('a dry run writes nothing, and tells what would be refused', async () => {
  await using at = await place({ ...OFFSET, snapshot: 'INITIAL', snapshot_completed: false });
  const { problems, pipeline } = await at.run(true);
  expect(problems.map(({ code }) => code)).toEqual(['HANDOVER_REFUSED']);
  expect(pipeline.text).toContain('name: orders');
  await expect(at.run()).rejects.toMatchObject({ errors: problems });
  expect([existsSync(at.output), existsSync(at.store)]).toEqual([false, false]);
});

test('another file of that name is not written over', async () => {
  await using at = await place(OFFSET);
  writeFileSync(at.output, 'mine');
  await expect(at.run()).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(at.output, 'utf8')).toBe('mine');
  expect(existsSync(at.store)).toBe(false);
});

test('all that is wrong is told at once', async () => {
  await using at = await place(
    { ...OFFSET, incremental_snapshot_collections: '[1]' },
    { ...CONFIG, 'plugin.name': 'wal2json', 'heartbeat.interval.ms': 'often' },
  );
  const { problems } = await at.run(true);
  const messages = problems.map(({ message }) => message).join('\n');
  expect(messages).toMatch(/heartbeat\.interval\.ms/);
  expect(messages).toMatch(/incremental snapshot/);
  expect(messages).toMatch(/wal2json/);
});

test('a connector of another database is told', async () => {
  await using at = await place(null, {
    'connector.class': 'io.debezium.connector.sqlserver.SqlServerConnector',
  });
  await expect(at.run()).rejects.toMatchObject({ code: 'CONFIG_UNSUPPORTED' });
});

test.each(['mysql.MySqlConnector', 'mariadb.MariaDbConnector'])(
  'a %s becomes a pipeline that goes on at its place of the binlog',
  async (name) => {
    const config = {
      'connector.class': `io.debezium.connector.${name}`,
      'topic.prefix': 'shop',
      'database.hostname': 'db',
      'database.port': '3306',
      'database.user': 'u',
      'database.password': 'secret',
      'database.server.id': '5701',
      // Its history, of a file, is in import-schema-history.test.ts.
      'snapshot.mode': 'recovery',
      'schema.history.internal.kafka.topic': 'history',
      'schema.history.internal.kafka.bootstrap.servers': 'k:9092',
    };
    const offset = { ts_sec: 1_700_000_000, file: 'binlog.000003', pos: 4711, server_id: 9 };
    await using at = await place(offset, config);
    const { adoption, problems, pipeline } = await at.run();
    expect({ adoption, problems }).toEqual({ adoption: 'adopted', problems: [] });
    expect(pipeline.text).not.toContain('secret');
    expect(pipeline.remarks.join()).not.toContain('plugin.name');
    await using open = await place({ ...offset, snapshot: 'INITIAL' }, config);
    await expect(open.run()).rejects.toThrow('snapshot is not complete');
  },
);
