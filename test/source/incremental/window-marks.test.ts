import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import type { SnapshotOptions } from '../../../src/source/snapshot/snapshot-options.ts';
import { WindowMarks, writesMarks } from '../../../src/source/incremental/window-marks.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();
const OPTIONS: SnapshotOptions = {
  ...DEFAULT_SNAPSHOT_OPTIONS,
  signalTable: 's.signals',
  watermarking: 'insert_insert',
};

function marksWith(change: Partial<SnapshotOptions> = {}, works = true) {
  const written: string[] = [];
  const table = {
    insert: (_: string, [id, type, data]: readonly [string, string, string]) => {
      written.push(`${type} ${id.slice(36)} ${Object.keys(JSON.parse(data) as object).join()}`);
      return Promise.resolve(works);
    },
    remove: (_: string, id: string) => {
      written.push(`remove ${id.slice(36)}`);
      return Promise.resolve(works);
    },
  };
  const marks = new WindowMarks<string>({ ...OPTIONS, ...change }, new FakeClock(), table);
  const window = async (): Promise<void> => {
    await marks.open('c', signal);
    await marks.close('c', signal);
  };
  return { marks, window, written, reader: { wire: () => Promise.resolve('c') } };
}

const PAIR = [
  'snapshot-window-open -open openWindowTimestamp',
  'snapshot-window-close -close openWindowTimestamp,closeWindowTimestamp',
];

test('a pair for each window, and a last one when nothing is left', async () => {
  const { marks, window, written, reader } = marksWith();
  await marks.last(reader, signal);
  expect(written).toEqual([]);
  await window();
  await marks.last(reader, signal);
  await marks.last(reader, signal);
  expect(written).toEqual([...PAIR, ...PAIR]);
});

test('insert_delete takes the first of them away again', async () => {
  const { window, written } = marksWith({ watermarking: 'insert_delete' });
  await window();
  expect(written).toEqual([PAIR[0], 'remove -open']);
});

test('what could not be opened is not closed', async () => {
  const { window, written } = marksWith({}, false);
  await window();
  expect(written).toEqual([PAIR[0]]);
});

test.each([{ readOnly: true }, { watermarking: 'none' }, { signalTable: null }] as const)(
  'nothing is written with %j',
  async (change) => {
    const { marks, window, written, reader } = marksWith(change);
    expect(writesMarks({ ...OPTIONS, ...change })).toBe(false);
    await window();
    await marks.last(reader, signal);
    expect(written).toEqual([]);
  },
);
