import { expect, test } from 'vitest';
import {
  checkOf,
  filePartition,
  identityOfFile,
  offsetOfPlace,
  placeOfOffset,
} from '../../../src/source/file/file-place.ts';

test("an offset has Connect's key, and ours beside it", () => {
  const check = checkOf(Buffer.from('one\n'));
  const place = { position: 4, identity: identityOfFile({ dev: 1n, ino: 2n ** 60n }), check };
  const offset = offsetOfPlace('a.txt', place);
  expect(offset.partition).toEqual(filePartition('a.txt'));
  expect(offset.offset).toEqual({
    position: 4,
    'tidemark.file': `1:${2n ** 60n}`,
    'tidemark.check': check,
  });
  expect(placeOfOffset(offset)).toEqual(place);
});

test("Connect's own offset is one, anything else is none", () => {
  const partition = filePartition(null);
  expect(partition).toEqual({ filename: '' });
  expect(placeOfOffset({ partition, offset: { position: 7 } })).toEqual({
    position: 7,
    identity: null,
    check: null,
  });
  expect(placeOfOffset({ partition, offset: {} })).toBeNull();
  expect(placeOfOffset({ partition, offset: { position: -1 } })).toBeNull();
});
