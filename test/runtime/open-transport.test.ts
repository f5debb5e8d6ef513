import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describePlace, openForReading, openTransport } from '../../src/runtime/open-transport.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../transport/temporary-folder.ts';

test('a store is read by its folder or by the file of its pipeline', async () => {
  using folder = temporaryFolder();
  const config = parsedPipeline({ transport: { path: './log' } }, path.join(folder.path, 'p.yaml'));
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
  const transport = { type: 'kafka', 'bootstrap.servers': 'k1:9092,k2:9092' };
  const config = parsedPipeline({ transport });
  expect(describePlace({ config })).toBe('Kafka at k1:9092, k2:9092');
});
