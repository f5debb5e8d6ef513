import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { watchLogEnd } from '../../../../src/source/mysql/stream/log-end-watch.ts';
import type { MysqlServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const FACTS = { flavor: 'mariadb', version: 101_100 } as MysqlServerFacts;

test('the end is asked for, the heartbeat runs, an outage is told once', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const notes: string[] = [];
  const ends: string[] = [];
  let isDown = false;
  const watching = watchLogEnd(
    {
      query: (sql) => {
        asked.push(sql);
        if (isDown) return Promise.reject(new TidemarkError('MYSQL_CONNECT', 'nobody there'));
        const columns = ['File', 'Position'];
        return Promise.resolve({ columns, rows: [['b.000001', String(asked.length)]] });
      },
    },
    FACTS,
    { heartbeatIntervalMs: 2000, heartbeatActionQuery: 'DO 1', endIntervalMs: 1000 },
    {
      clock,
      end: ({ file, pos }) => ends.push(`${file}:${pos}`),
      note: (text) => notes.push(text),
    },
    stop.signal,
  );
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await expect.poll(() => clock.pendingTimers).toBeGreaterThan(0);
      clock.advance(1000);
    }
  };
  await rounds(2);
  await expect.poll(() => asked.length).toBe(5);
  expect(asked).toEqual([
    'DO 1',
    'SHOW MASTER STATUS',
    'SHOW MASTER STATUS',
    'DO 1',
    'SHOW MASTER STATUS',
  ]);
  expect(ends.at(-1)).toBe('b.000001:5');
  isDown = true;
  await rounds(3);
  isDown = false;
  await rounds(1);
  expect(notes).toEqual(['heartbeat failed: nobody there']);
  stop.abort();
  clock.advance(1000);
  await watching;
});
