import { expect, test } from 'vitest';
import { FOREIGN_INDEX, readMeta, writeMeta } from '../../../src/sink/search/index-meta.ts';

test('what is written is read again, and what others keep there stays', () => {
  const generations = new Map([['a', 2]]);
  const filling = { of: 'i-000001', instead: ['i-000002'], topic: 'a', table: 's.a' };
  const plain = { ...FOREIGN_INDEX, generations, versions: 'position' as const, made: true };
  const meta = { ...plain, filling, since: '7', next: 'i-000004' };
  const written = writeMeta({ owner: 'shop' }, meta);
  expect(written).toMatchObject({ owner: 'shop' });
  expect(readMeta(written)).toEqual(meta);
  expect(readMeta(writeMeta({}, plain))).toEqual(plain);
});

test('an index of somebody else says nothing', () => {
  expect(readMeta(undefined)).toEqual(FOREIGN_INDEX);
  const odd = { versions: 'else', generations: { a: 'x' }, filling: { of: 1 }, made: 'yes' };
  expect(readMeta({ tidemark: odd })).toEqual(FOREIGN_INDEX);
});
