import { expect, test } from 'vitest';
import { streamParameters } from '../../../src/source/postgres/pgoutput-parameters.ts';

test('what slot.stream.params names comes once, as given', () => {
  expect(streamParameters({ slotStreamParams: [] }, '"p"')).toEqual([
    ['proto_version', '1'],
    ['publication_names', '"p"'],
    ['messages', 'true'],
  ]);
  const slotStreamParams = [
    ['messages', 'false'],
    ['origin', 'none'],
  ] as const;
  expect(streamParameters({ slotStreamParams }, '"p"')).toEqual([
    ['proto_version', '1'],
    ['publication_names', '"p"'],
    ...slotStreamParams,
  ]);
});
