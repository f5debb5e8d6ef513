import { describe, expect, test } from 'vitest';
import type { ReselectSetting } from '../../../../src/config/post-processor-options.ts';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import type { PostgresRowChange } from '../../../../src/model/change-event.ts';
import type { TableSchema } from '../../../../src/model/table-schema.ts';
import {
  reselectWarnings,
  RowReselector,
} from '../../../../src/source/postgres/stream/row-reselector.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { INTEGER, keyedTable, rowChange, tableColumn, TEXT } from '../../../support/keyed-table.ts';

const SETTING: ReselectSetting = {
  name: 'r',
  columnInclude: [],
  columnExclude: [],
  unavailableValues: true,
  nullValues: true,
  useEventKey: false,
  onError: 'warn',
};
const table = keyedTable();
const wide = keyedTable(INTEGER, {
  columns: [
    tableColumn('id', 0, INTEGER, true),
    tableColumn('part', 1, TEXT, true),
    tableColumn('note', 2, TEXT),
    tableColumn('doc', 3, TEXT),
  ],
  keyColumns: [0, 1],
});
const none = new AbortController().signal;

interface Bench {
  readonly reselector: RowReselector;
  readonly queries: string[];
  readonly warnings: string[];
}

/** Answers each query with these rows: key columns first. */
function benchOf(
  answer: (sql: string) => readonly (readonly (string | null)[])[],
  setting: Partial<ReselectSetting> = {},
): Bench {
  const queries: string[] = [];
  const warnings: string[] = [];
  const connection = {
    query: async (sql: string) => {
      await Promise.resolve();
      if (sql.includes('pg_current_snapshot')) {
        return [{ columns: [], rows: [['100:100:', 'f']], command: 'SELECT' }];
      }
      queries.push(sql);
      return [{ columns: [], rows: answer(sql), command: 'SELECT' }];
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const parts = { setting: { ...SETTING, ...setting }, connection, clock: new FakeClock() };
  const reselector = new RowReselector({ ...parts, warn: (text) => warnings.push(text) });
  return { reselector, queries, warnings };
}

const update = (
  schema: TableSchema,
  after: readonly (string | null | undefined)[],
  before: readonly (string | null | undefined)[] | null = null,
  more: Partial<PostgresRowChange> = {},
): PostgresRowChange => rowChange(schema, 'u', before, after, more);

const textsOf = ({ after }: PostgresRowChange): (string | null | undefined)[] =>
  Array.from({ length: after?.count ?? 0 }, (_, i) => after?.text(i));

describe('which rows wait', () => {
  const wants = (setting: Partial<ReselectSetting>, change: PostgresRowChange): boolean =>
    benchOf(() => [], setting).reselector.wants(change);

  test.each<[string, PostgresRowChange, Partial<ReselectSetting>, boolean]>([
    ['a value that was not sent', update(table, ['1', undefined]), {}, true],
    ['a null', update(table, ['1', null]), {}, true],
    ['all values', update(table, ['1', 'x']), {}, false],
    ['no null, if so set', update(table, ['1', null]), { nullValues: false }, false],
    ['only nulls, if so set', update(table, ['1', undefined]), { unavailableValues: false }, false],
    ['a value that the old row tells', update(table, ['1', undefined], ['1', 'x']), {}, false],
    [
      'a value that a key-only old row does not tell',
      update(table, ['1', undefined], ['1', null], { beforeIsKeyOnly: true }),
      {},
      true,
    ],
    ['a value absent on both sides', update(table, ['1', undefined], ['1', undefined]), {}, true],
    ['an insert', rowChange(table, 'c', null, ['1', null]), {}, true],
    ['no delete', rowChange(table, 'd', ['1', null], null), {}, false],
    ['no row of a snapshot', rowChange(table, 'r', null, ['1', null]), {}, false],
    [
      'nothing without a key',
      update(keyedTable(INTEGER, { keyColumns: [] }), ['1', undefined]),
      {},
      false,
    ],
    [
      'a column of the list, with the colon of the original',
      update(table, ['1', null]),
      { columnInclude: [/^public\.orders:note$/i] },
      true,
    ],
    [
      'a column of the list, with a point',
      update(table, ['1', null]),
      { columnInclude: [/^public\.orders\.note$/i] },
      true,
    ],
    [
      'no column beside the list',
      update(table, ['1', null]),
      { columnInclude: [/^public\.orders:other$/i] },
      false,
    ],
    [
      'no excluded column',
      update(table, ['1', null]),
      { columnExclude: [/^public\.orders:note$/i] },
      false,
    ],
  ])('%s', (_, change, setting, expected) => {
    expect(wants(setting, change)).toBe(expected);
  });
});

test('lists that name nothing, and tables without a key, are told', () => {
  const keyless = keyedTable(INTEGER, { keyColumns: [] });
  expect(reselectWarnings(SETTING, [table])).toEqual([]);
  expect(
    reselectWarnings({ ...SETTING, columnInclude: [/^public\.orders:nto$/i] }, [table]),
  ).toEqual(['r: its lists name no column of a captured table']);
  expect(reselectWarnings(SETTING, [table, keyless])).toEqual([
    'r: without a key nothing of these tables is read again: public.orders',
  ]);
});

describe('what is asked', () => {
  test('one query for the rows of a table, each key once, only what lacks values', async () => {
    const { reselector, queries } = benchOf(() => [
      ['1', 'a', 'n1'],
      ['2', "b'", 'n2'],
    ]);
    const rows = [
      update(wide, ['1', 'a', undefined, 'd1']),
      update(wide, ['2', "b'", null, 'd2']),
      update(wide, ['1', 'a', undefined, 'd3']),
      update(wide, ['3', 'c', undefined, 'd4']),
    ].map((change) => ({ change }));
    await reselector.fillIn(rows, none);
    expect(queries).toEqual([
      `SELECT "id", "part", "note" FROM "public"."orders" ` +
        `WHERE ("id", "part") IN (('1', 'a'), ('2', 'b'''), ('3', 'c'))`,
    ]);
    expect(rows.map(({ change }) => textsOf(change))).toEqual([
      ['1', 'a', 'n1', 'd1'],
      ['2', "b'", 'n2', 'd2'],
      ['1', 'a', 'n1', 'd3'],
      // Gone: as it was.
      ['3', 'c', undefined, 'd4'],
    ]);
  });

  test('a key of one column needs no row value; tables are asked about one by one', async () => {
    const other = keyedTable(INTEGER, { id: { catalog: 'shop', schema: 'a"b', table: 'x' } });
    const { reselector, queries } = benchOf(() => []);
    const rows = [table, other].map((schema) => ({ change: update(schema, ['7', undefined]) }));
    await reselector.fillIn(rows, none);
    expect(queries).toEqual([
      `SELECT "id", "note" FROM "public"."orders" WHERE "id" IN ('7')`,
      `SELECT "id", "note" FROM "a""b"."x" WHERE "id" IN ('7')`,
    ]);
  });

  test('many rows are asked for in pieces', async () => {
    const { reselector, queries } = benchOf(() => []);
    const rows = Array.from({ length: 1100 }, (_, i) => ({
      change: update(table, [String(i), undefined]),
    }));
    await reselector.fillIn(rows, none);
    expect(queries).toHaveLength(3);
  });

  test('only what was wanted is replaced; NULL may be what the table has', async () => {
    const { reselector } = benchOf(() => [['1', 'a', null, 'D']]);
    const rows = [
      { change: update(wide, ['1', 'a', undefined, 'd1']) },
      { change: update(wide, ['1', 'a', 'n', undefined]) },
    ];
    await reselector.fillIn(rows, none);
    expect(rows.map(({ change }) => textsOf(change))).toEqual([
      ['1', 'a', null, 'd1'],
      ['1', 'a', 'n', 'D'],
    ]);
  });

  test('two rows of one key leave the event as it was', async () => {
    const { reselector } = benchOf(() => [
      ['1', 'x'],
      ['1', 'y'],
    ]);
    const change = update(table, ['1', undefined]);
    await reselector.fillIn([{ change }], none);
    expect(textsOf(change)).toEqual(['1', undefined]);
  });

  test('the key of the table, or that of the records, if so set', async () => {
    const keyed = { ...wide, keyColumns: [1], ownKeyColumns: [0] };
    const change = (): PostgresRowChange => update(keyed, ['1', 'a', undefined, 'd']);
    const own = benchOf(() => [['1', 'n']]);
    await own.reselector.fillIn([{ change: change() }], none);
    expect(own.queries[0]).toContain(`WHERE "id" IN ('1')`);
    const event = benchOf(() => [['a', 'n']], { useEventKey: true });
    await event.reselector.fillIn([{ change: change() }], none);
    expect(event.queries[0]).toContain(`WHERE "part" IN ('a')`);
  });

  test('a key that is NULL finds nothing; one not sent stands in the old row', async () => {
    const { reselector, queries } = benchOf(() => [['5', 'n']], { useEventKey: true });
    const unknown = update(table, [null, undefined]);
    const old = update(table, [undefined, undefined], ['5', null], { beforeIsKeyOnly: true });
    await reselector.fillIn([{ change: unknown }, { change: old }], none);
    expect(queries).toEqual([`SELECT "id", "note" FROM "public"."orders" WHERE "id" IN ('5')`]);
    expect(textsOf(old)).toEqual([undefined, 'n']);
  });
});

describe('what cannot be read', () => {
  const refuse = (): never => {
    throw new TidemarkError('PG_PERMISSION', 'permission denied for table orders');
  };

  test.each(['warn', 'skip'] as const)('goes out as it was (%s)', async (onError) => {
    const { reselector, warnings } = benchOf(refuse, { onError });
    const change = update(table, ['1', undefined]);
    await reselector.fillIn([{ change }], none);
    expect(textsOf(change)).toEqual(['1', undefined]);
    expect(warnings).toEqual(
      onError === 'skip'
        ? []
        : [
            'r: values of public.orders could not be read again, its changes go out without ' +
              'them: permission denied for table orders',
          ],
    );
  });

  test('stops the task (fail)', async () => {
    const { reselector } = benchOf(refuse, { onError: 'fail' });
    const filled = reselector.fillIn([{ change: update(table, ['1', undefined]) }], none);
    await expect(filled).rejects.toMatchObject({
      code: 'RESELECT_FAILED',
      message:
        'r: values of public.orders could not be read again: permission denied for table orders',
    });
  });

  test('a stop is no failure, and is not waited for', async () => {
    const abort = new AbortController();
    const answer = Promise.withResolvers<never>();
    const warnings: string[] = [];
    const connection = {
      query: () => answer.promise,
      [Symbol.asyncDispose]: () => {
        answer.reject(new Error('cut'));
        return Promise.resolve();
      },
    };
    const warn = (text: string): unknown => warnings.push(text);
    const clock = new FakeClock();
    const reselector = new RowReselector({ setting: SETTING, connection, clock, warn });
    const filled = reselector.fillIn([{ change: update(table, ['1', undefined]) }], abort.signal);
    abort.abort();
    await expect(filled).rejects.toThrow('abort');
    expect(warnings).toEqual([]);
  });
});
