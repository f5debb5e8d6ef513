import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { setSinkOffsets } from '../../src/runtime/sink-offsets.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;

/** Moves a sink of a pipeline with these sinks, whose log is not there. */
async function move(sinks: readonly string[], sink: string | null): Promise<unknown> {
  await using folder = await temporaryFolder('offsets');
  const copy = { 'connector.class': 'jdbc', 'connection.url': 'postgres://me@127.0.0.1:1/w' };
  const named = sinks.map((name) => ({ name, ...copy }));
  const config = parsedPipeline({ sinks: named }, path.join(folder.path, 'shop.yaml'));
  const goal = { kind: 'earliest' } as const;
  const request = { sink, topic: null, partition: null, goal, dryRun: false };
  return await setSinkOffsets(config, request, systemClock, never);
}

describe('moving a sink', () => {
  test('needs its name where there are several', async () => {
    await expect(move(['one', 'two'], null)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('has one, two') as string,
    });
    await expect(move(['one'], 'other')).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('makes no log where there is none', async () => {
    await expect(move(['one'], null)).rejects.toMatchObject({ code: 'STORE_OPEN' });
  });
});
