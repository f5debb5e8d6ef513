import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';

test('nothing is held back, written or left out unless somebody asks for it', () => {
  expect(DEFAULT_SNAPSHOT_OPTIONS).toMatchObject({
    readOnly: false,
    signalTable: null,
    includeTables: [],
    orderByRowCount: 'disabled',
  });
});
