import path from 'node:path';
import { expect, test } from 'vitest';
import { FileSinkOffsets } from '../../../src/sink/file/file-sink-offsets.ts';
import { offsetsOf, openLines, OWNER, placeAt, textOf } from '../../support/line-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('are moved while the sink is away; what it has nothing of is passed over', async () => {
  await using folder = await temporaryFolder('file-offsets');
  const file = path.join(folder.path, 'a.jsonl');
  const offsets = new FileSinkOffsets({ owner: OWNER, file, format: 'json' });
  expect(await offsets.read()).toEqual([]);
  await using running = await openLines(file);
  await running.append('one\n', [placeAt(1)]);
  expect(await offsets.read()).toEqual([placeAt(1)]);
  await offsets.move([placeAt(0), placeAt(4, 1)]);
  expect(await offsets.read()).toEqual([placeAt(0)]);
  expect(await textOf(file)).toBe('one\n');
  // A task that still runs cannot set them back.
  await expect(running.append('two\n', [placeAt(2)])).rejects.toMatchObject({
    code: 'SINK_FENCED',
  });
  await using again = await openLines(file);
  expect(offsetsOf(again)).toEqual([0]);
});

test('of another sink are not touched, and standard output has none', async () => {
  await using folder = await temporaryFolder('file-offsets');
  const file = path.join(folder.path, 'a.jsonl');
  await using _running = await openLines(file);
  const foreign = new FileSinkOffsets({ owner: 'shop/other', file, format: 'json' });
  await expect(foreign.move([placeAt(0)])).rejects.toMatchObject({ code: 'SINK_FILE_STATE' });
  const none = new FileSinkOffsets({ owner: OWNER, file: null, format: 'json' });
  await none.move([placeAt(0)]);
  expect(await none.read()).toEqual([]);
});

test('in a folder that is gone are an error with its cure', async () => {
  const file = '/nowhere/at/all/a.jsonl';
  const offsets = new FileSinkOffsets({ owner: OWNER, file, format: 'json' });
  expect(await offsets.read()).toEqual([]);
  await expect(offsets.move([placeAt(0)])).rejects.toMatchObject({ code: 'SINK_FILE' });
});
