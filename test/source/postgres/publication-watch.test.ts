import { expect, test } from 'vitest';
import { PublicationWatch } from '../../../src/source/postgres/publication-watch.ts';
import type { QueryResult } from '../../../src/source/postgres/wire-operation.ts';

const COLUMNS = ['oid', 'via_root', 'insert', 'update', 'delete', 'truncate', 'tables'];

/** Oid, via root, four operations as t or f, table OIDs. */
type State = readonly [string, string, string, string, string, string, string];
const START: State = ['100', 'f', 't', 't', 't', 'f', '[1, 2]'];

async function afterwards(state: State | null, dropped: readonly number[] = []) {
  let now: State | null = START;
  const querier = {
    query(sql: string): Promise<readonly QueryResult[]> {
      if (sql.includes('pg_publication p')) {
        const rows = now === null ? [] : [now];
        return Promise.resolve([{ columns: COLUMNS, rows, command: 'SELECT' }]);
      }
      const asked = /IN \((.*?)\)/.exec(sql)?.[1]?.split(', ') ?? [];
      const rows = asked.filter((oid) => !dropped.includes(Number(oid))).map((oid) => [`t${oid}`]);
      return Promise.resolve([{ columns: ['name'], rows, command: 'SELECT' }]);
    },
  };
  const watch = new PublicationWatch('p');
  expect(await watch.look(querier)).toBeNull();
  now = state;
  return (await watch.look(querier))?.message ?? null;
}

test.for<readonly [string, State | null, string | null]>([
  ['nothing', START, null],
  ['more tables and operations', ['100', 'f', 't', 't', 't', 't', '[1, 2, 3]'], null],
  ['dropped', null, 'the publication p was dropped'],
  ['made anew', ['101', ...START.slice(1)] as unknown as State, 'was dropped and made anew'],
  ['other root', ['100', 't', 't', 't', 't', 'f', '[1, 2]'], 'another publish_via_partition_root'],
  ['no updates', ['100', 'f', 't', 'f', 'f', 'f', '[1, 2]'], 'sends no update, no delete any more'],
  ['fewer tables', ['100', 'f', 't', 't', 't', 'f', '[1]'], 'does not send t2 any more'],
])('%s', async ([, state, told]) => {
  const message = await afterwards(state);
  if (told === null) expect(message).toBeNull();
  else expect(message).toContain(told);
});

test('a table that was dropped may leave', async () => {
  expect(await afterwards(['100', 'f', 't', 't', 't', 'f', '[1]'], [2])).toBeNull();
});
