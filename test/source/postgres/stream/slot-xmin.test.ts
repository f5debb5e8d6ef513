import { expect, test } from 'vitest';
import { SlotXmin } from '../../../../src/source/postgres/stream/slot-xmin.ts';
import type { QueryResult } from '../../../../src/source/postgres/wire/wire-operation.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

test('asked for at its interval, and not at all when that is 0', async () => {
  const clock = new FakeClock();
  let answer: string | null = '731';
  const asked: string[] = [];
  const querier = {
    async query(sql: string): Promise<readonly QueryResult[]> {
      asked.push(sql);
      return await Promise.resolve([{ columns: ['xmin'], rows: [[answer]], command: 'SELECT 1' }]);
    },
  };
  const xmin = new SlotXmin(`it's`, 1000, clock);
  expect(xmin.value).toBeNull();
  await xmin.look(querier);
  expect(xmin.value).toBe(731n);
  expect(asked[0]).toContain(`'it''s'`);
  answer = '740';
  clock.advance(999);
  await xmin.look(querier);
  expect(xmin.value).toBe(731n);
  clock.advance(1);
  await xmin.look(querier);
  expect(xmin.value).toBe(740n);
  answer = null;
  clock.advance(1000);
  await xmin.look(querier);
  expect(xmin.value).toBeNull();
  expect(asked).toHaveLength(3);
  await new SlotXmin('s', 0, clock).look(querier);
  expect(asked).toHaveLength(3);
});
