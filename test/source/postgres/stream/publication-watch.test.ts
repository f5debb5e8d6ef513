import { expect, test } from 'vitest';
import { PublicationWatch } from '../../../../src/source/postgres/stream/publication-watch.ts';
import type { QueryResult } from '../../../../src/source/postgres/wire/wire-operation.ts';

const COLUMNS = [
  'oid',
  'via_root',
  'insert',
  'update',
  'delete',
  'truncate',
  'generated',
  'tables',
];

interface Part {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly number[] | null;
  readonly filter: string | null;
}

const whole = (oid: number, table = `t${oid}`): Part => ({
  oid,
  schema: 'public',
  table,
  columns: null,
  filter: null,
});

const START = {
  oid: '100',
  viaRoot: 'f',
  operations: ['t', 't', 't', 'f'],
  generated: 'f',
  tables: [whole(1), whole(2)] as readonly Part[],
};
type State = typeof START;

/** Columns 1 to 3 exist in every table. */
async function afterwards(
  from: Partial<State>,
  to: Partial<State> | null,
  dropped: readonly number[] = [],
  /** Tables that the publication does not send, as pairs of literals. */
  others: readonly string[] = [],
) {
  let now: State | null = { ...START, ...from };
  const querier = {
    query(sql: string): Promise<readonly QueryResult[]> {
      if (sql.includes('pg_publication p')) {
        const rows =
          now === null
            ? []
            : [
                [
                  now.oid,
                  now.viaRoot,
                  ...now.operations,
                  now.generated,
                  JSON.stringify(now.tables),
                ],
              ];
        return Promise.resolve([{ columns: COLUMNS, rows, command: 'SELECT' }]);
      }
      if (sql.includes('pg_publication_tables')) {
        const rows = others.filter((name) => sql.includes(name)).map((name) => [`made ${name}`]);
        return Promise.resolve([{ columns: ['name'], rows, command: 'SELECT' }]);
      }
      const asked = / IN \((.*?)\)/.exec(sql)?.[1]?.split(', ') ?? [];
      const names = sql.includes('pg_attribute')
        ? columnsLeft(sql)
        : asked.filter((oid) => !dropped.includes(Number(oid))).map((oid) => `t${oid}`);
      const rows = names.map((name) => [name]);
      return Promise.resolve([{ columns: ['name'], rows, command: 'SELECT' }]);
    },
  };
  const watch = new PublicationWatch('p', 180_000);
  expect(await watch.look(querier)).toBeNull();
  now = to === null ? null : { ...now, ...to };
  return (await watch.look(querier))?.message ?? null;
}

/** What the query for columns that were sent and are not any more would find. */
function columnsLeft(sql: string): string[] {
  const list = (form: RegExp): number[] | undefined => form.exec(sql)?.[1]?.split(', ').map(Number);
  const before = list(/attnum IN \((.*?)\)/) ?? [1, 2, 3];
  const now = list(/attnum NOT IN \((.*?)\)/) ?? [];
  return before.filter((n) => n <= 3 && !now.includes(n)).map((n) => `t.c${n}`);
}

test.for<readonly [string, Partial<State> | null, string | null]>([
  ['nothing', {}, null],
  [
    'more tables and operations',
    { operations: ['t', 't', 't', 't'], tables: [whole(1), whole(2), whole(3)] },
    null,
  ],
  ['dropped', null, 'the publication p was dropped'],
  ['made anew', { oid: '101' }, 'was dropped and made anew'],
  ['other root', { viaRoot: 't' }, 'another publish_via_partition_root'],
  ['no updates', { operations: ['t', 'f', 'f', 'f'] }, 'sends no update, no delete any more'],
  ['fewer tables', { tables: [whole(1)] }, 'does not send t2 any more'],
  [
    'a column list',
    { tables: [{ ...whole(1), columns: [1, 3] }, whole(2)] },
    'does not send t.c2 any more',
  ],
  ['a list of all columns', { tables: [{ ...whole(1), columns: [1, 2, 3] }, whole(2)] }, null],
  [
    'a row filter',
    { tables: [{ ...whole(1), filter: '(id > 5)' }, whole(2)] },
    'another row filter for t1: (id > 5)',
  ],
])('%s', async ([, state, told]) => {
  const message = await afterwards({}, state);
  if (told === null) expect(message).toBeNull();
  else expect(message).toContain(told);
});

test('a list that shrinks is told, by columns that are there; one that grows is not', async () => {
  const listed = (columns: readonly number[] | null): Partial<State> => ({
    tables: [{ ...whole(1), columns }],
  });
  expect(await afterwards(listed([1, 2, 3]), listed([1]))).toContain('t.c2, t.c3');
  expect(await afterwards(listed([1, 4]), listed([1]))).toBeNull();
  expect(await afterwards(listed([1]), listed([1, 2]))).toBeNull();
  expect(await afterwards(listed([1]), listed(null))).toBeNull();
});

test('a filter that is taken away widens; another one does not', async () => {
  const filtered = (filter: string | null): Partial<State> => ({
    tables: [{ ...whole(1), filter }],
  });
  expect(await afterwards(filtered('(id > 5)'), filtered(null))).toBeNull();
  expect(await afterwards(filtered('(id > 5)'), filtered('(id > 6)'))).toContain('(id > 6)');
});

test('generated columns that are not sent any more are told', async () => {
  expect(await afterwards({ generated: 't' }, { generated: 'f' })).toContain('generated columns');
  expect(await afterwards({ generated: 'f' }, { generated: 't' })).toBeNull();
});

test('a table that was dropped may leave, unless there is another one of its name', async () => {
  const left = { tables: [whole(1)] };
  expect(await afterwards({}, left, [2])).toBeNull();
  expect(await afterwards({}, left, [2], ["('public', 't1')", "('public', 't3')"])).toBeNull();
  const told = await afterwards({}, left, [2], ["('public', 't2')"]);
  expect(told).toContain("does not send made ('public', 't2'): it had another table of that name");
});

test('a renamed table stays; another one that takes its name is not sent', async () => {
  const renamed = { tables: [whole(1), whole(2, 'old')] };
  expect(await afterwards({}, renamed)).toBeNull();
  expect(await afterwards({}, renamed, [], ["('public', 't2')"])).toContain('does not send made');
});
