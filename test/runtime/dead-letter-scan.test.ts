import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { scanLetters } from '../../src/runtime/dead-letter-scan.ts';
import { never } from '../support/sink-harness.ts';
import { sourceLetterLog } from '../support/source-letter-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { changeRecord } from '../support/transform-records.ts';

const RECORD = changeRecord('u', [1, 'a', null], [1, 'b', null]);

test('all that is there, from where it is asked', async () => {
  await using folder = await temporaryFolder('scan');
  await using log = await sourceLetterLog(folder.path, 'dead');
  const offsets = async (topic: string, from?: ReadonlyMap<number, number>) => {
    const found: number[] = [];
    for await (const some of scanLetters(log.transport, topic, never, from)) {
      found.push(...some.map(({ offset }) => offset));
    }
    return found;
  };
  expect(await offsets('dead')).toEqual([]);
  const error = new TidemarkError('TRANSFORM', 'failed');
  for (let i = 0; i < 3; i++) {
    log.letters.record(RECORD, 'TRANSFORMATION', error, log.batch, i);
    await log.flush();
  }
  expect(await offsets('dead')).toEqual([0, 1, 2]);
  expect(await offsets('dead', new Map([[0, 2]]))).toEqual([2]);
  expect(await offsets('dead', new Map([[0, 3]]))).toEqual([]);
  expect(await offsets('there.is.none')).toEqual([]);
});
