import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import type { GroupPlace } from '../../../../src/source/mysql/incremental/group-visibility.ts';
import { GroupVisibility } from '../../../../src/source/mysql/incremental/group-visibility.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const group = (pos: number, gtid: string | null = null, isOutcome = false): GroupPlace => ({
  file: 'b.000003',
  pos,
  gtid,
  isOutcome,
});

test('by a place: what stands before it, but for outcomes that become visible later', () => {
  const seen = new GroupVisibility({ file: 'b.000003', pos: 500 }, null);
  expect(seen.sees(group(499))).toBe(true);
  expect(seen.sees(group(500))).toBe(false);
  expect(seen.sees({ ...group(9000), file: 'b.000002' })).toBe(true);
  expect(seen.sees(group(100, null, true))).toBe(false);
  expect(seen.covers({ file: 'b.000003', pos: 500 }, null)).toBe(true);
  expect(seen.covers({ file: 'b.000003', pos: 501 }, '0-1-7')).toBe(false);
});

test('by a set: whatever the place', () => {
  const seen = new GroupVisibility({ file: 'b', pos: 4 }, GtidSet.parse(`${UUID}:1-5`));
  expect(seen.sees(group(9, `${UUID}:5`))).toBe(true);
  expect(seen.sees(group(9, `${UUID}:5`, true))).toBe(true);
  expect(seen.sees(group(1, `${UUID}:6`))).toBe(false);
  expect(seen.sees(group(1))).toBe(false);
  expect(seen.covers({ file: 'b', pos: 9 }, `${UUID}:1-5`)).toBe(true);
  expect(seen.covers({ file: 'b', pos: 1 }, `${UUID}:1-6`)).toBe(false);
});

test('what was read under a lock is stored, and tells outcomes too', () => {
  for (const executed of [null, GtidSet.parse(`${UUID}:1-5`)]) {
    const { text } = new GroupVisibility({ file: 'a:b.000003', pos: 500 }, executed);
    const again = GroupVisibility.parse(text);
    expect(again.text).toBe(text);
    expect(again.place).toEqual({ file: 'a:b.000003', pos: 500 });
    expect(again.sees({ ...group(4, `${UUID}:2`, true), file: 'a:b.000003' })).toBe(true);
  }
  expect(() => GroupVisibility.parse('nothing')).toThrow('what a read saw is stored as nothing');
});
