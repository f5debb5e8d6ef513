import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { moveSource } from '../../src/runtime/move-source.ts';
import { loadSourceOffset, toConnectEntries } from '../../src/runtime/source-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

// Places of a real server are in test/cli/offsets-set-source-command.mysql.test.ts.

const SOURCE = {
  'connector.class': 'mysql',
  'topic.prefix': 'shop',
  'database.hostname': 'db',
  'database.user': 'u',
};
const partition = { server: 'shop' };
const OFFSET = { file: 'b.000001', pos: 4, 'tidemark.version': 1, 'tidemark.place': 'b.000001:4' };
const { signal } = new AbortController();

async function stored(config: PipelineConfig): Promise<unknown> {
  await using transport = await openEmbeddedTransport({ path: config.storePath, readOnly: true });
  return (await loadSourceOffset(transport, 'shop', partition)).offset?.offset ?? null;
}

test('a reset leaves nothing of the offset, and a dry run all', async () => {
  await using folder = await pipelineFolder({ name: 'shop', source: SOURCE });
  const config = loadPipelineFile(folder.file, {});
  {
    await using transport = await openEmbeddedTransport({ path: config.storePath });
    await transport.storeOffset(toConnectEntries('shop', { partition, offset: OFFSET }));
  }
  const goal = { kind: 'reset' } as const;
  const planned = await moveSource(config, { goal, dryRun: true }, systemClock, signal);
  expect(planned).toMatchObject({ before: OFFSET, after: null });
  expect(await stored(config)).toEqual(OFFSET);
  const moved = await moveSource(config, { goal, dryRun: false }, systemClock, signal);
  expect(moved).toEqual(planned);
  expect(await stored(config)).toBeNull();
});

test('what is told again after a move has positions of the next epoch', async () => {
  await using folder = await pipelineFolder({ name: 'shop', source: SOURCE });
  const config = loadPipelineFile(folder.file, {});
  const offset = { ...OFFSET, 'tidemark.epoch': 2, 'tidemark.epoch_log': 'id 1' };
  {
    await using transport = await openEmbeddedTransport({ path: config.storePath });
    await transport.storeOffset(toConnectEntries('shop', { partition, offset }));
  }
  const request = { goal: { kind: 'reset' }, dryRun: false } as const;
  await moveSource(config, request, systemClock, signal);
  expect(await stored(config)).toBeNull();
  await using transport = await openEmbeddedTransport({ path: config.storePath, readOnly: true });
  const { epoch, warning } = await loadSourceOffset(transport, 'shop', partition);
  expect(epoch).toEqual({ 'tidemark.epoch': 3, 'tidemark.epoch_log': 'id 1' });
  expect(warning).toBeNull();
});

test('a source with a slot is moved by its server', async () => {
  const source = { ...SOURCE, 'connector.class': 'postgres', 'database.dbname': 'd' };
  await using folder = await pipelineFolder({ name: 'shop', source });
  const config = loadPipelineFile(folder.file, {});
  const request = { goal: { kind: 'end' }, dryRun: false } as const;
  await expect(moveSource(config, request, systemClock, signal)).rejects.toMatchObject({
    code: 'CONFIG_UNSUPPORTED',
  });
});
