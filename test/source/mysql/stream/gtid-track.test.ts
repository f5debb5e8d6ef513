import { describe, expect, test } from 'vitest';
import {
  emptyTrack,
  gtidTrack,
  withoutGtids,
} from '../../../../src/source/mysql/stream/gtid-track.ts';

const UUID = '531e30d3-e585-11f1-809b-02fc00000001';

describe('transactions that are done', () => {
  test('MySQL: each by itself, tagged ones too (PITFALLS B22, B24)', () => {
    const track = gtidTrack(`${UUID}:1-5:7:tag_a:1`);
    expect([5, 6, 7, 8].map((n) => track?.has(`${UUID}:${n}`, false))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(track?.has(`${UUID}:tag_a:1`, true)).toBe(true);
    track?.add(`${UUID}:6`);
    track?.add(`${UUID}:tag_a:2`);
    expect(track?.text()).toBe(`${UUID}:1-7:tag_a:1-2`);
  });

  test('MariaDB: the last of a domain; a lower number is new once the stream goes on (B23)', () => {
    const track = gtidTrack('0-1-5,1-2-9');
    expect(['0-9-5', '0-1-6', '1-2-1', '2-1-1'].map((each) => track?.has(each, true))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(track?.has('0-1-4', false)).toBe(false);
    track?.add('0-3-4');
    expect(track?.text()).toBe('0-3-4,1-2-9');
  });

  test('none at first: of the family that comes', () => {
    expect([gtidTrack(null), gtidTrack('')]).toEqual([null, null]);
    const sets = emptyTrack(`${UUID}:3`);
    sets.add(`${UUID}:3`);
    const domains = emptyTrack('0-1-3');
    domains.add('0-1-3');
    expect([sets.text(), domains.text()]).toEqual([`${UUID}:3`, '0-1-3']);
  });

  test('a set without what has to come again', () => {
    expect(withoutGtids(`${UUID}:1-9`, [`${UUID}:4`, `${UUID}:9`])).toBe(`${UUID}:1-3:5-8`);
  });
});
