import { expect, test } from 'vitest';
import { replicaOf } from '../../../../src/source/mysql/watch/replica-status.ts';

/** As SHOW REPLICA STATUS has it, or SHOW SLAVE STATUS; no value is none. */
function channel(
  io: string,
  sql: string,
  more: Readonly<Record<string, string>> = {},
  word = 'replica',
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries({ [`${word}_io_running`]: io, [`${word}_sql_running`]: sql, ...more }),
  );
}

test.each([
  ['of its own', [], null],
  ['that has all', [channel('Yes', 'Yes', { seconds_behind_source: '0' })], null],
  ['that was promoted, and keeps its settings', [channel('No', 'No')], null],
  [
    'that is late',
    [channel('Yes', 'Yes', { seconds_behind_source: '7' })],
    { behindMs: 7000, stopped: null },
  ],
  [
    'that is late, in the old words',
    [channel('Yes', 'Yes', { seconds_behind_master: '3' }, 'slave')],
    { behindMs: 3000, stopped: null },
  ],
  [
    'whose SQL thread is stopped',
    [channel('Yes', 'No')],
    { behindMs: null, stopped: 'it applies nothing: its SQL thread is stopped' },
  ],
  [
    'that failed',
    [channel('No', 'No', { last_sql_error: 'Duplicate entry' })],
    {
      behindMs: null,
      stopped: 'it applies nothing: its SQL thread is stopped (Duplicate entry)',
    },
  ],
  [
    'whose source is away',
    [channel('Connecting', 'Yes', { last_io_error: 'no route' })],
    { behindMs: null, stopped: 'it gets nothing: its I/O thread is Connecting (no route)' },
  ],
  [
    'of several: the worst of each',
    [
      channel('Yes', 'Yes', { seconds_behind_source: '2' }),
      channel('Yes', 'Yes', { seconds_behind_source: '9' }),
      channel('No', 'Yes'),
    ],
    { behindMs: 9000, stopped: 'it gets nothing: its I/O thread is stopped' },
  ],
])('a server %s', (_, channels, look) => {
  expect(replicaOf(channels)).toEqual(look);
});
