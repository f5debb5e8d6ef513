import { expect } from 'vitest';
import type { BinlogRowChange, RowChange, RowOperation } from '../../src/model/change-event.ts';
import type { RowImage } from '../../src/model/row-image.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { MysqlSession } from '../../src/source/mysql/wire/mysql-session.ts';
import type { MysqlAddress } from './mysql-database.ts';
import { connectionTo } from './mysql-source.ts';

/** A change as text: values by the names of the columns; absent ones are left out. */
export interface ToldChange {
  readonly op: RowOperation | 't';
  readonly table: string;
  readonly key: string;
  readonly oldKey: string | null;
  readonly after: Readonly<Record<string, string | null>> | null;
  readonly snapshot: string;
}

/** The table as a target has it after these changes in their order. */
export function appliedTo(told: readonly ToldChange[], table: string): readonly string[] {
  const rows = new Map<string, Readonly<Record<string, string | null>>>();
  const bag: string[] = [];
  for (const { op, key: name, oldKey, after } of told.filter((each) => each.table === table)) {
    if (op === 't') {
      rows.clear();
      bag.length = 0;
    } else if (name === '') {
      if (oldKey !== null) bag.splice(expectIndex(bag, oldKey), 1);
      if (after !== null) bag.push(shown(after));
    } else {
      const old = rows.get(oldKey ?? name);
      if (oldKey !== null) rows.delete(oldKey);
      if (after !== null) rows.set(name, { ...old, ...after });
    }
  }
  return [...[...rows.values()].map(shown), ...bag].toSorted();
}

/** The table as the server shows it, in the form of `applied`. */
export async function rowsOf(
  server: MysqlAddress,
  database: string,
  table: string,
): Promise<readonly string[]> {
  const { signal } = new AbortController();
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const { columns, rows } = await session.query(`SELECT * FROM ${database}.${table}`);
  return rows
    .map((row) => shown(Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]))))
    .toSorted();
}

/** What a test keeps of a change. */
export function toldOf(change: RowChange): ToldChange {
  const { op, table, before, after, snapshot } = change as BinlogRowChange;
  const keyed = table.keyColumns.length > 0;
  const keyOf = (image: RowImage | null): string | null =>
    image === null ? null : keyed ? key(table, image, before) : shown(valuesOf(table, image));
  return {
    op,
    table: table.id.table,
    key: keyed ? (keyOf(after ?? before) as string) : '',
    oldKey: op === 'c' || op === 'r' ? null : keyOf(before),
    after: after === null ? null : valuesOf(table, after),
    snapshot,
  };
}

function key(table: TableSchema, image: RowImage, before: RowImage | null): string {
  return table.keyColumns
    .map((index) => {
      const tuple = table.columns[index]?.tupleIndex ?? 0;
      return image.text(tuple) ?? before?.text(tuple) ?? 'NULL';
    })
    .join('|');
}

function valuesOf(table: TableSchema, image: RowImage): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  for (const { name, tupleIndex } of table.columns) {
    const value = image.text(tupleIndex);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** A row as one text. */
function shown(row: Readonly<Record<string, string | null>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

function expectIndex(bag: readonly string[], row: string): number {
  const index = bag.indexOf(row);
  expect(index, `a change of the missing row ${row}`).toBeGreaterThanOrEqual(0);
  return index;
}
