import { isDeepStrictEqual } from 'node:util';
import type { SHAPE_CLASSES } from '../config/alert-classes.ts';
import { tableName } from '../model/table-schema.ts';
import type { ColumnShape, ShapeEvent, TableShape } from '../model/table-shape.ts';
import { typeChange } from './type-width.ts';

/** What can happen to a table. */
export type ShapeClass = (typeof SHAPE_CLASSES)[number];

/** One thing that changed. */
export interface ShapeChange {
  readonly class: ShapeClass;
  /** As it is called now, or was last; null: the table itself. */
  readonly column: string | null;
  /** In the source's words; null: there was, or is, none. */
  readonly old: string | null;
  readonly now: string | null;
}

/** What happened to a table, class by class; none: nothing that anybody could see. */
export function shapeChanges(event: ShapeEvent): readonly ShapeChange[] {
  const changes = [...tableChanges(event)];
  if (event.rewrites !== undefined) {
    changes.push(ofTable('rows_rewritten', null, event.rewrites.reason));
  }
  return changes;
}

function tableChanges(event: ShapeEvent): readonly ShapeChange[] {
  const { before, after } = event;
  if (event.truncated === true) return [ofTable('table_truncated', null, null)];
  if (before === null && after === null) return [];
  if (before === null) return [ofTable('table_created', null, columnsText(after?.shape))];
  if (after === null) return [ofTable('table_dropped', columnsText(before.shape), null)];
  const [old, now] = [before.shape, after.shape];
  const differences = shapeDifference(old, now);
  if (event.recreated !== true) return differences;
  return [ofTable('table_recreated', columnsText(old), columnsText(now)), ...differences];
}

/** What differs between two shapes of one table. */
export function shapeDifference(old: TableShape, now: TableShape): readonly ShapeChange[] {
  const pairs = pairsOf(old, now);
  const changes: ShapeChange[] = [];
  const [from, to] = [tableName(old.id), tableName(now.id)];
  if (from !== to) changes.push(ofTable('table_renamed', from, to));
  for (const column of old.columns) {
    const next = pairs.get(column);
    if (next === undefined) changes.push(ofColumn('column_dropped', column.name, column, null));
    else changes.push(...columnDifference(column, next));
  }
  const kept = new Set(pairs.values());
  const added = now.columns.filter((column) => !kept.has(column));
  for (const column of added) changes.push(ofColumn('column_added', column.name, null, column));
  changes.push(...moved(old, now, pairs));
  const keyBefore = old.key.map((name) => renamedTo(name, old, pairs));
  if (!isDeepStrictEqual(keyBefore, now.key)) {
    changes.push(ofTable('key_changed', keyText(old), keyText(now)));
  }
  if (old.replicaIdentity !== now.replicaIdentity) {
    changes.push(ofTable('replica_identity', old.replicaIdentity, now.replicaIdentity));
  }
  if (old.charset !== now.charset) changes.push(ofTable('table_charset', old.charset, now.charset));
  if (old.comment !== now.comment) changes.push(ofTable('table_comment', old.comment, now.comment));
  return changes;
}

/** Which column has become which, by their names; one that is not there has gone. */
export function columnPairs(old: TableShape, now: TableShape): ReadonlyMap<string, string> {
  return new Map([...pairsOf(old, now)].map(([from, to]) => [from.name, to.name]));
}

/** A type with all that a declaration says, for people. */
export function columnText(column: ColumnShape): string {
  const members = column.members === null ? '' : `(${column.members.map(quoted).join(',')})`;
  return [
    `${column.type}${members}`,
    ...(column.charset === null ? [] : [column.charset]),
    ...(column.nullable ? [] : ['not null']),
    ...(column.default === null ? [] : [`default ${column.default}`]),
    ...(column.generated === null ? [] : [`generated ${column.generated}`]),
    ...(column.counted === null ? [] : [column.counted]),
  ].join(' ');
}

type Pairs = ReadonlyMap<ColumnShape, ColumnShape>;

/**
 * Which column has become which: by number where there are such, else by name, and what is left by
 * being alike, in the same place (a rename; CHANGE COLUMN keeps the place).
 */
function pairsOf(old: TableShape, now: TableShape): Pairs {
  const pairs = new Map<ColumnShape, ColumnShape>();
  // Numbers of another table mean nothing here.
  const isNumbered =
    old.incarnation === now.incarnation &&
    [...old.columns, ...now.columns].every(({ number }) => number !== null);
  for (const column of old.columns) {
    const next = now.columns.find((other) =>
      isNumbered ? other.number === column.number : sameName(other, column),
    );
    if (next !== undefined) pairs.set(column, next);
  }
  if (isNumbered) return pairs;
  const taken = new Set(pairs.values());
  const gone = old.columns.filter((column) => !pairs.has(column));
  const come = now.columns.filter((column) => !taken.has(column));
  for (const column of gone) {
    const at = old.columns.indexOf(column);
    const next = come.find(
      (other) => now.columns.indexOf(other) === at && !taken.has(other) && alike(column, other),
    );
    if (next === undefined || old.columns.length !== now.columns.length) continue;
    taken.add(next);
    pairs.set(column, next);
  }
  return pairs;
}

function sameName(one: ColumnShape, other: ColumnShape): boolean {
  return one.name.toLowerCase() === other.name.toLowerCase();
}

function alike(one: ColumnShape, other: ColumnShape): boolean {
  return typeChange(one.type, other.type) !== 'retyped';
}

function columnDifference(old: ColumnShape, now: ColumnShape): readonly ShapeChange[] {
  const { name } = now;
  const changes: ShapeChange[] = [];
  if (old.name !== name) {
    changes.push({ class: 'column_renamed', column: name, old: old.name, now: name });
  }
  const type = typeClass(old, now);
  if (type !== null) changes.push({ class: type, column: name, old: old.type, now: now.type });
  if (old.nullable !== now.nullable) {
    const [was, is] = [nullText(old), nullText(now)];
    const kind = now.nullable ? 'column_nullable' : 'column_required';
    changes.push({ class: kind, column: name, old: was, now: is });
  }
  const texts = [
    ['column_default', old.default, now.default],
    ['column_generated', old.generated, now.generated],
    ['column_counted', old.counted, now.counted],
    ['column_charset', old.charset, now.charset],
    ['column_comment', old.comment, now.comment],
  ] as const;
  for (const [kind, was, is] of texts) {
    if (was !== is) changes.push({ class: kind, column: name, old: was, now: is });
  }
  if (type === null) changes.push(...memberDifference(old, now));
  return changes;
}

function typeClass(old: ColumnShape, now: ColumnShape): ShapeClass | null {
  const isMembers = old.members !== null && now.members !== null;
  switch (isMembers && old.type === now.type ? 'same' : typeChange(old.type, now.type)) {
    case 'same':
      return null;
    case 'widened':
      return 'column_widened';
    case 'narrowed':
      return 'column_narrowed';
    case 'retyped':
      return 'column_retyped';
  }
}

/** Of an enum and its values; another order is another number in a binlog, and no other text. */
function memberDifference(old: ColumnShape, now: ColumnShape): readonly ShapeChange[] {
  const [was, is] = [old.members ?? [], now.members ?? []];
  if (isDeepStrictEqual(was, is)) return [];
  const change = { column: now.name, old: was.join(', '), now: is.join(', ') };
  const gone = was.some((member) => !is.includes(member));
  const come = is.some((member) => !was.includes(member));
  if (gone) return [{ class: 'members_removed', ...change }];
  return [{ class: come ? 'members_added' : 'members_moved', ...change }];
}

/** Columns that stand elsewhere among those that stayed. */
function moved(old: TableShape, now: TableShape, pairs: Pairs): readonly ShapeChange[] {
  const before = old.columns.flatMap((column) => pairs.get(column) ?? []);
  const kept = new Set(before);
  const after = now.columns.filter((column) => kept.has(column));
  if (before.every((column, i) => column === after[i])) return [];
  const [was, is] = [before, after].map((columns) => columns.map(({ name }) => name).join(', '));
  return [{ class: 'column_moved', column: null, old: was ?? '', now: is ?? '' }];
}

function renamedTo(name: string, { columns }: TableShape, pairs: Pairs): string {
  const column = columns.find((one) => one.name === name);
  return (column === undefined ? undefined : pairs.get(column)?.name) ?? name;
}

function ofTable(kind: ShapeClass, old: string | null, now: string | null): ShapeChange {
  return { class: kind, column: null, old, now };
}

function ofColumn(
  kind: ShapeClass,
  column: string,
  old: ColumnShape | null,
  now: ColumnShape | null,
): ShapeChange {
  const [was, is] = [old, now].map((one) => (one === null ? null : columnText(one)));
  return { class: kind, column, old: was ?? null, now: is ?? null };
}

function nullText({ nullable }: ColumnShape): string {
  return nullable ? 'null' : 'not null';
}

function keyText({ key }: TableShape): string {
  return key.length === 0 ? 'none' : `(${key.join(', ')})`;
}

function columnsText(shape: TableShape | undefined): string | null {
  return shape === undefined ? null : `(${shape.columns.map(({ name }) => name).join(', ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
