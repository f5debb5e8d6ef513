import { isDeepStrictEqual } from 'node:util';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import { recordShape } from './record-shape.ts';
import type { ShapeChange } from './shape-difference.ts';
import { columnPairs, shapeDifference } from './shape-difference.ts';
import { valueFit } from './value-fit.ts';

/** What the records of a table look like while the table itself looks otherwise. */
export interface KeptShape {
  readonly table: TableSchema;
  /** Of each column: the table's one that its values come from; null: there is none any more. */
  readonly sources: readonly (string | null)[];
}

/** Null: the records have the table's own shape again. */
export type KeptOutcome = { readonly shape: KeptShape | null } | { readonly impossible: string };

/** A column of the records, and where its values come from. */
interface Kept {
  readonly column: ColumnSchema;
  readonly source: string | null;
}

/**
 * The shape of records behind a change of their table of which some parts are not followed.
 * `earlier`: what they looked like before; null: as the table.
 */
export function keptShape(
  before: TableSchema,
  after: TableSchema,
  earlier: KeptShape | null,
  isKept: (change: ShapeChange) => boolean,
): KeptOutcome {
  const [old, now] = [recordShape(before), recordShape(after)];
  const changes = shapeDifference(old, now);
  const next = columnPairs(old, now);
  const kept = new Set(changes.filter(isKept));
  const ofColumn = (column: string): readonly ShapeChange[] =>
    changes.filter((change) => change.column === column);
  const columns: Kept[] = [];
  for (const one of keptColumns(before, earlier)) {
    if (one.source === null) {
      columns.push(one);
      continue;
    }
    const name = next.get(one.source);
    if (name === undefined) {
      const dropped = changes.find(
        (change) => change.class === 'column_dropped' && change.column === one.source,
      );
      if (dropped !== undefined && kept.has(dropped)) columns.push(emptied(one.column));
      continue;
    }
    const fresh = after.columns.find((column) => column.name === name);
    if (fresh !== undefined) columns.push(followed(one, fresh, ofColumn(name), kept));
  }
  // One that has a name of before now fills the place that the other left.
  for (const { column, source } of columns.filter((one) => one.source !== null)) {
    const left = columns.findIndex((one) => one.source === null && one.column.name === column.name);
    if (left < 0) continue;
    columns[left] = { column, source };
    columns.splice(
      columns.findLastIndex((one) => one.source === source),
      1,
    );
  }
  const paired = new Set(next.values());
  for (const column of after.columns.filter(({ name }) => !paired.has(name))) {
    const added = changes.find(
      (change) => change.class === 'column_added' && change.column === column.name,
    );
    // One that comes again fills the place that it left.
    const left = columns.findIndex((one) => one.source === null && one.column.name === column.name);
    const isLeftOut = added !== undefined && kept.has(added);
    const place = columns[left];
    const form = isLeftOut ? place?.column : column;
    if (place !== undefined && form !== undefined) {
      columns[left] = { column: form, source: column.name };
    } else if (form !== undefined) columns.push({ column: form, source: column.name });
  }
  const names = columns.map(({ column }) => column.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return { impossible: `two columns would be called ${twice}` };
  const keepsKey = changes.some((change) => change.class === 'key_changed' && kept.has(change));
  return withKey(columns, before, after, earlier, keepsKey);
}

function keptColumns(table: TableSchema, earlier: KeptShape | null): readonly Kept[] {
  if (earlier === null) {
    return table.columns.map((column) => ({ column, source: column.name }));
  }
  return earlier.table.columns.map((column, i) => ({ column, source: earlier.sources[i] ?? null }));
}

/** A column that has gone: null in every record to come. */
function emptied(column: ColumnSchema): Kept {
  const { default: _, ...schema } = column.schema;
  return { column: { ...column, schema: { ...schema, optional: true } }, source: null };
}

function followed(
  { column, source }: Kept,
  fresh: ColumnSchema,
  changes: readonly ShapeChange[],
  kept: ReadonlySet<ShapeChange>,
): Kept {
  const rename = changes.find((change) => change.class === 'column_renamed');
  const others = changes.filter((change) => change !== rename);
  const name =
    rename !== undefined && !kept.has(rename) && column.name === source ? fresh.name : column.name;
  const isFollowed = others.length > 0 && !others.some((change) => kept.has(change));
  const isAsItWas = rename === undefined && others.length === 0 && column.name === source;
  const form = isFollowed || (isAsItWas && sameForm(column, fresh)) ? fresh : column;
  return { column: form.name === name ? form : { ...form, name }, source: fresh.name };
}

function sameForm(one: ColumnSchema, other: ColumnSchema): boolean {
  return one.sourceType === other.sourceType && one.schema.optional === other.schema.optional;
}

function withKey(
  columns: readonly Kept[],
  before: TableSchema,
  after: TableSchema,
  earlier: KeptShape | null,
  keepsKey: boolean,
): KeptOutcome {
  const indexOf = (isIt: (one: Kept) => boolean): number => columns.findIndex(isIt);
  const old = earlier?.table ?? before;
  const wanted = keepsKey
    ? old.keyColumns.map((index) => {
        const name = old.columns[index]?.name ?? '';
        return { name, at: indexOf((one) => one.column.name === name) };
      })
    : after.keyColumns.map((index) => {
        const name = after.columns[index]?.name ?? '';
        return { name, at: indexOf((one) => one.source === name) };
      });
  // The old row of a key that the table has no more must come whole.
  const isTold = keepsKey && after.replicaIdentity !== 'full';
  const ownKey = new Set(after.keyColumns.map((index) => after.columns[index]?.name));
  const untold = wanted.find(({ at }) => isTold && !ownKey.has(columns[at]?.source ?? ''));
  if (untold !== undefined) {
    return {
      impossible: `deletes do not tell ${untold.name}: the table needs REPLICA IDENTITY FULL`,
    };
  }
  const lost = wanted.find(({ at }) => at < 0 || columns[at]?.source === null);
  if (lost !== undefined) {
    return { impossible: `without ${lost.name} the records would have no key` };
  }
  for (const { column, source } of columns) {
    const fresh = after.columns.find(({ name }) => name === source);
    if (fresh === undefined || valueFit(fresh.schema, column.schema) !== null) continue;
    const types = `${fresh.sourceType} cannot be written as ${column.sourceType} without loss`;
    return { impossible: `${column.name}: ${types}` };
  }
  const keyColumns = wanted.map(({ at }) => at);
  const isOwn =
    columns.length === after.columns.length &&
    columns.every(({ column, source }) => {
      const fresh = after.columns.find(({ name }) => name === source);
      return (
        fresh !== undefined &&
        column.name === source &&
        isDeepStrictEqual(column.schema, fresh.schema)
      );
    }) &&
    keyColumns.map((at) => columns[at]?.source).join('\0') ===
      after.keyColumns.map((at) => after.columns[at]?.name).join('\0');
  if (isOwn) return { shape: null };
  const { id, version, replicaIdentity } = after;
  const table = { id, version, columns: columns.map(({ column }) => column), keyColumns };
  const sources = columns.map(({ source }) => source);
  return { shape: { table: { ...table, replicaIdentity }, sources } };
}
