import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { recordShape } from '../evolution/record-shape.ts';
import { type ShapeChange, shapeDifference } from '../evolution/shape-difference.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { TruncateChange } from '../model/change-event.ts';
import { formatLsn } from '../model/lsn.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { TableGate, TableHold } from './gate-states.ts';
import { storedSchema } from './stored-shapes.ts';
import type { ChangeMark } from './waiting-records.ts';

/** A truncate, as the alerts tell it. */
export const TRUNCATED: readonly ShapeChange[] = [
  { class: 'table_truncated', column: null, old: null, now: null },
];

/** The hold is one before a truncate. */
export function isOfTruncate({ changes }: TableHold): boolean {
  return changes.some(({ class: kind }) => kind === 'table_truncated');
}

/**
 * The table waits for this shape. A server that fills in from its catalog what holds by now may
 * tell it of earlier rows already, and tells no change at the place itself then.
 */
export function waitsBefore({ actual, hold }: TableGate, shape: TableSchema): boolean {
  if (hold === null || hold.changes.length === 0) return false;
  const changes = shapeDifference(recordShape(actual), recordShape(shape));
  return isDeepStrictEqual(changes, hold.changes);
}

/** What a hold is made of. */
export interface HoldParts {
  readonly pipeline: string;
  readonly table: string;
  readonly changes: readonly ShapeChange[];
  readonly reason: string;
  readonly mark: ChangeMark;
  readonly unrejectable: string | null;
  readonly shapes: readonly string[];
}

/** The id is the same whenever the change is told again. */
export function holdOf(parts: HoldParts): TableHold {
  const { pipeline, table, changes, reason, mark, unrejectable, shapes } = parts;
  const { position, sinceMs, kind } = mark;
  const place = JSON.stringify([pipeline, table, kind, position ?? sinceMs, shapes]);
  const id = createHash('sha256').update(place).digest('hex').slice(0, 8);
  return { id, changes, reason, position, sinceMs, unrejectable };
}

/** Where a truncate stands, as the source prints it. */
export function placeOfTruncate(change: TruncateChange): string {
  return change.family === 'binlog' ? `${change.file}:${change.pos}` : formatLsn(change.lsn);
}

/** Equal for shapes whose records are the same. */
export function shapeKey(table: TableSchema): string {
  return createHash('sha256')
    .update(JSON.stringify(storedSchema(table)))
    .digest('hex')
    .slice(0, 16);
}

/** The policy exception. */
export function stopped(
  name: string,
  changes: readonly ShapeChange[],
  reason: string,
  { position }: ChangeMark,
): TidemarkError {
  const texts = changes.map(({ class: kind, column, old, now }) =>
    column === null ? kind : `${kind} ${column} (${old ?? '–'} → ${now ?? '–'})`,
  );
  const at = position === null ? '' : ` at ${position}`;
  return new TidemarkError(
    'SCHEMA_STOPPED',
    `${name} changes its shape${at}: ${texts.join('; ')}; ${reason}`,
  );
}
