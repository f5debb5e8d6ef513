import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { startConnect } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';

const JAVA_CLASS = 'org.apache.kafka.connect.file.FileStreamSinkConnector';
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';

/** No maps, which Java has in an order by hashes; no NaN, of which Connect's JSON makes 0.0. */
const SCHEMA = `
  CREATE TABLE parcel (
    id bigint PRIMARY KEY, city text, weight numeric(10,3), tiny numeric(24,12), free numeric,
    sent timestamp(3), day date, noon time(3), at timestamptz, active boolean, score float8,
    rate real, small smallint, tags text[], label jsonb, place point
  );
  INSERT INTO parcel VALUES
    (1, 'Köln "x" 😀', 1.125, 0.000000000012, 1234.50, '2026-11-22 14:05:09.123', '2024-02-29',
     '10:00:01.5', '2024-02-29 12:00:00.123456+00', true, 0.1, 0.1, 7, '{a,NULL,"b c"}',
     '{"n": 1}', '(1.5,-2)'),
    (2, 'two' || chr(10) || 'lines', -0.001, 0, 1e30, '1969-12-31 23:59:59.999', '1582-10-15',
     '00:00:00', 'infinity', false, 1e10, -0.5, -1, '{}', 'null', NULL),
    (3, '', 1000000.000, 1, 0, '1582-10-04 12:00:00', '0854-07-22', '23:59:59.999', NULL, NULL,
     -1e-5, 1e-10, 0, NULL, NULL, NULL),
    (5, 'old', 0, 0, 0, '0044-03-15 12:00:00 BC', '0001-01-01', '12:00', '0001-01-01', true, 0, 0,
     0, NULL, NULL, NULL),
    (9007199254740993, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL)`;

const CHANGES = [
  `UPDATE parcel SET city = 'Ulm', score = 3.0 WHERE id <= 2`,
  `UPDATE parcel SET id = 4 WHERE id = 3`,
  `DELETE FROM parcel WHERE id = 1`,
];

/** Arrays of bytes: Java prints an address, we print base64. */
const BYTES = /(?<=\b(?:value|wkb))=(?:\[B@[0-9a-f]+|[A-Za-z0-9+/]+=*)(})/g;

/** What a sink does before it writes; `after` leaves structs and nulls, `city` texts. */
const CHAINS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  records: {},
  rows: { transforms: 'row', ...extract('row', 'after') },
  texts: { transforms: 'row,city', ...extract('row', 'after'), ...extract('city', 'city') },
};

function extract(name: string, field: string): Record<string, string> {
  return {
    [`transforms.${name}.type`]: 'org.apache.kafka.connect.transforms.ExtractField$Value',
    [`transforms.${name}.field`]: field,
  };
}

test("the Java class name writes what Connect's own file sink writes, byte for byte", async () => {
  const [broker, database, port] = await Promise.all([
    startOwnBroker(),
    freshDatabase(),
    freeLoopbackPort(),
  ]);
  await using _broker = broker;
  await using _database = database;
  const { bootstrapServers } = broker;
  await using connect = await startConnect({ bootstrapServers, plugins: [] });
  await database.query(SCHEMA);
  const topics = 'lines.public.parcel';
  const sinks = Object.entries(CHAINS).map(([name, chain]) => ({
    name,
    'connector.class': JAVA_CLASS,
    file: `${name}.ours`,
    topics,
    ...chain,
  }));
  await using folder = await pipelineFolder({
    name: 'lines',
    transport: {
      type: 'kafka',
      'bootstrap.servers': bootstrapServers,
      'offset.storage.topic': 'lines-offsets',
      'state.storage.topic': 'lines-state',
    },
    source: sourceSection(database, {
      'topic.prefix': 'lines',
      'table.include.list': 'public.parcel',
      'topic.creation.default.partitions': 1,
      'topic.creation.default.replication.factor': 1,
      'time.precision.mode': 'connect',
      'key.converter': JSON_CONVERTER,
      'value.converter': JSON_CONVERTER,
    }),
    sinks,
    http: { listen: `127.0.0.1:${port}` },
  });
  const fileOf = (name: string): string => path.join(folder.folder, name);
  await using daemon = Daemon.start({ file: folder.file, port });
  await daemon.until(({ source }) => source.phase === 'streaming');
  for (const [name, chain] of Object.entries(CHAINS)) {
    await connect.put(`theirs-${name}`, {
      'connector.class': JAVA_CLASS,
      topics,
      file: fileOf(`${name}.theirs`),
      'key.converter': JSON_CONVERTER,
      'value.converter': JSON_CONVERTER,
      ...chain,
    });
  }
  for (const statement of CHANGES) await database.query(statement);
  for (const name of Object.keys(CHAINS)) {
    await vi.waitFor(
      async () => {
        const [theirs, ours] = await Promise.all(
          [`${name}.theirs`, `${name}.ours`].map(async (file) => {
            return (await readFile(fileOf(file), 'utf8')).replaceAll(BYTES, '=bytes$1');
          }),
        );
        // Twelve records; three of their cities have a line break.
        expect((theirs ?? '').trimEnd().split('\n').length).toBeGreaterThanOrEqual(12);
        expect(ours).toBe(theirs);
      },
      { timeout: 60_000, interval: 200 },
    );
  }
  expect(await daemon.stop()).toBe(0);
});
