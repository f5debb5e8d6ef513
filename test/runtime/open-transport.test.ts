import path from 'node:path';
import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describePlace, openForReading, openTransport } from '../../src/runtime/open-transport.ts';
import { temporaryFolder } from '../transport/temporary-folder.ts';

function pipeline(folder: string, transport: string) {
  return parsePipeline(
    `name: shop
transport: { ${transport} }
source:
  connector.class: postgres
  database.hostname: localhost
  database.dbname: shop
  database.user: u
  database.password: p
  topic.prefix: shop
`,
    path.join(folder, 'p.yaml'),
    {},
  );
}

test('a store is read by its folder or by the file of its pipeline', async () => {
  using folder = temporaryFolder();
  const config = pipeline(folder.path, 'path: ./log');
  const place = { path: path.join(folder.path, 'log') };
  {
    await using log = await openTransport(config, { clock: systemClock, logger: silentLogger() });
    await log.openTopic('a');
  }
  for (const where of [place, { config }]) {
    await using log = await openForReading(where, systemClock);
    expect((await log.listTopics()).map(({ name }) => name)).toEqual(['a']);
    expect(describePlace(where)).toBe(`the store ${place.path}`);
  }
});

test('of a cluster people are told the brokers', () => {
  const config = pipeline('/', 'type: kafka, bootstrap.servers: "k1:9092,k2:9092"');
  expect(describePlace({ config })).toBe('Kafka at k1:9092, k2:9092');
});
