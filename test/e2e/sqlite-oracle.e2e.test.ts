import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import {
  CHANGED_TABLES,
  expectChanged,
  LAST_CHANGES,
  tableChanges,
} from '../support/changed-tables.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline } from '../support/family-pipeline.ts';
import type { SqliteFamily } from '../support/sqlite-arrivals.ts';
import { sqliteArrival, sqliteFamily, UNUSUAL_VALUES } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TypeSources } from '../support/type-sources.ts';
import {
  TYPE_FAMILIES,
  typeSourceLines,
  typeSources,
  typeTables,
} from '../support/type-sources.ts';
import type { TypedColumn, TypeTables } from '../support/type-tables.ts';
import {
  comparable,
  comparableElements,
  selected,
  selectedElements,
} from '../support/value-texts.ts';

/*
 * Every type of every source into a SQLite file, by the daemon: snapshot, stream, a table that is
 * changed. The source is the oracle: what it prints is what SELECTs of SQLite find, value by value
 * (PITFALLS S15, S16, S17, S18, S19).
 */

let sources: TypeSources;

beforeAll(async () => {
  sources = await typeSources();
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
});

test.for(TYPE_FAMILIES)('every type of %s arrives in SQLite, or is refused', async (family) => {
  await using source = await sources.database(family);
  await using folder = await temporaryFolder('sqlite-oracle');
  const target = sqliteFamily(path.join(folder.path, 'copy of it.db'));
  const tables = typeTables(family);
  if (family === 'postgres') await source.run("SET intervalstyle = 'iso_8601'");
  await source.run(`${tables.schema}; ${CHANGED_TABLES}`);
  await source.run(tables.write(1));
  await using pipeline = await familyPipeline(source, [target], typeSourceLines(family));
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await source.run(tables.write(10_001));
  await source.run(tables.refusedRows);
  for (const change of tableChanges(family)) await source.run(change);
  for (const last of LAST_CHANGES) {
    await vi.waitFor(
      () => {
        expect(target.rows(last), `${last}: ${daemon.output}`).toHaveLength(1);
      },
      { timeout: 60_000, interval: 50 },
    );
  }
  expectTypes(tables.columns, source, target);
  for (const column of tables.columns) await expectEqual(column, source, target);
  const parked = (await daemon.status())?.sinks[0]?.parked ?? [];
  expectUnusual(tables, target, parked);
  expect(parked.filter(({ topic }) => !topic.includes('refused'))).toEqual([]);
  await expectChanged(source, target.rows, (kind, name) => selected('sqlite', kind, name, ''));
  expect(await daemon.stop()).toBe(0);
});

function expectTypes(
  columns: readonly TypedColumn[],
  source: FamilyDatabase,
  target: SqliteFamily,
): void {
  const names = [...new Set(columns.map((column) => column.table))];
  const known = new Map(names.map((table) => [table, target.types(table)]));
  const shown = (type: string | undefined, column: TypedColumn): string =>
    `${source.family} ${column.type} → ${type}`;
  const wanted = (column: TypedColumn): string =>
    sqliteArrival(source.family, column.type, column.isArray);
  expect
    .soft(columns.map((column) => shown(known.get(column.table)?.get(column.name), column)))
    .toEqual(columns.map((column) => shown(wanted(column), column)));
}

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  { table, name, kind, isArray, type }: TypedColumn,
  source: FamilyDatabase,
  target: SqliteFamily,
): Promise<void> {
  const text = isArray ? comparableElements : comparable;
  // SQLite does not keep the sign of a zero.
  const shown = (rows: readonly (readonly (string | null)[])[]): readonly string[] =>
    rows.map(([id, value]) => `${id} ${text(kind, value ?? null)}`.replace(/ -0$/, ' 0'));
  const isNative = isArray && source.family === 'postgres';
  const theirs = isNative
    ? selectedElements(kind, name)
    : selected(source.family, kind, name, type);
  const ours = selected('sqlite', kind, name, sqliteArrival(source.family, type, isArray));
  expect
    .soft(shown(target.rows(`SELECT id, ${ours} FROM ${table} ORDER BY id`)), type)
    .toEqual(shown(await source.rows(`SELECT id, ${theirs} FROM ${table} ORDER BY id`)));
}

/** What other targets refuse: it is there, or its table is parked before it. */
function expectUnusual(
  { refused }: TypeTables,
  target: SqliteFamily,
  parked: readonly { readonly topic: string; readonly code: string }[],
): void {
  for (const { table, value } of refused) {
    const wanted = UNUSUAL_VALUES[value];
    expect.soft(wanted, `${value} is not in the list`).not.toBeUndefined();
    const found = target.rows(`SELECT id, v FROM ${table} ORDER BY id`);
    const code = parked.find(({ topic }) => topic.endsWith(`.${table}`))?.code;
    const rest = wanted === null ? [] : [['2', wanted]];
    expect.soft(found, value).toEqual([['1', null], ...rest]);
    expect.soft(code, value).toBe(wanted === null ? 'VALUE_CONVERSION' : undefined);
  }
}
