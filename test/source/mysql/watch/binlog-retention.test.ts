import { expect, test } from 'vitest';
import { BinlogRetention } from '../../../../src/source/mysql/watch/binlog-retention.ts';

const NEVER = { expire: null, total: null };
const EXPIRES = { expire: { setting: 'e', ms: 10_000 }, total: null };
const place = (file: string, pos = 4) => ({ file, pos });
const files = (...sizes: readonly (readonly [string, number])[]) =>
  sizes.map(([name, bytes]) => ({ name, bytes }));

test('what is written is counted over files that come and go', () => {
  const retention = new BinlogRetention();
  const first = retention.look(files(['b.1', 100], ['b.2', 50]), place('b.1', 40), NEVER, 0);
  expect(first).toMatchObject({ endBytes: 150, heldBytes: 110, floor: 'b.1:40', isLost: false });
  const grown = files(['b.2', 90], ['b.3', 30]);
  const second = retention.look(grown, place('b.2', 10), NEVER, 1000);
  expect(second).toMatchObject({ endBytes: 220, heldBytes: 110 });
  expect(retention.look(grown, null, NEVER, 2000)).toMatchObject({
    endBytes: 220,
    heldBytes: null,
    floor: null,
    isLost: false,
  });
});

test('a file ages from when the next one was begun', () => {
  const retention = new BinlogRetention();
  const open = retention.look(files(['b.1', 10]), place('b.1'), EXPIRES, 1000);
  expect(open.age).toMatchObject({ leftMs: 10_000, limitMs: 10_000, isEstimate: false });
  retention.look(files(['b.1', 20]), place('b.1'), EXPIRES, 5000);
  const closed = retention.look(files(['b.1', 20], ['b.2', 4]), place('b.1'), EXPIRES, 6000);
  // Seen between 5000 and 6000: rather too early than too late.
  expect(closed.age).toMatchObject({ leftMs: 9000, isEstimate: false });
  const late = retention.look(files(['b.1', 20], ['b.2', 4]), place('b.1'), EXPIRES, 20_000);
  expect(late.age?.leftMs).toBe(0);
  const gone = retention.look(files(['b.2', 4]), place('b.1'), EXPIRES, 21_000);
  expect(gone).toMatchObject({ isLost: true, age: null, heldBytes: null });
});

test('one that was closed before anybody looked is reckoned by the pace of writing', () => {
  const retention = new BinlogRetention();
  const before = files(['b.1', 100], ['b.2', 500]);
  expect(retention.look(before, place('b.1'), EXPIRES, 10_000).age).toBeNull();
  // 100 bytes a second: the 600 behind it took six seconds.
  const after = files(['b.1', 100], ['b.2', 600]);
  expect(retention.look(after, place('b.1'), EXPIRES, 11_000).age).toMatchObject({
    leftMs: 4000,
    isEstimate: true,
  });
});

test('a limit of size takes whole files, the oldest first', () => {
  const retention = new BinlogRetention();
  const total = { expire: null, total: { setting: 't', bytes: 1000 } };
  const { size } = retention.look(
    files(['b.1', 300], ['b.2', 200], ['b.3', 100]),
    place('b.2', 150),
    total,
    0,
  );
  expect(size).toEqual({ setting: 't', limitBytes: 1000, leftBytes: 700 });
});
