import type { ConnectSchema } from '../../model/connect-schema.ts';
import { type ChangeColumn, INSTANT, METADATA, sourceTime } from '../change-metadata.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

const TEXT: ConnectSchema = { type: 'string', optional: true };

/** `delete.mode: soft`. Rows that were there before the column was are not deleted. */
export const DELETED: ChangeColumn = {
  name: '_deleted',
  schema: { type: 'boolean', optional: false, default: false },
  reader: () => (facts) => facts.isDelete,
};

/**
 * A tombstone knows no time, and follows the delete that does: null only where no delete was
 * there but the tombstone.
 */
const DELETED_AT: ChangeColumn = {
  name: '_deleted_at',
  schema: INSTANT,
  reader: (value) => {
    const time = sourceTime(value);
    return (facts) => (facts.isDelete ? time(facts) : null);
  },
};

/** `position.guard`: the position of the change that the row comes from; the guard sets it. */
export const GUARD: ChangeColumn = {
  name: '_cdc_pos',
  schema: TEXT,
  reader: () => () => undefined,
};

/** The columns that the options ask for, in their order. */
export function changeColumns(
  options: Pick<SqlSinkOptions, 'deleteMode' | 'metadataColumns' | 'positionGuard'>,
): readonly ChangeColumn[] {
  const deleted = options.deleteMode === 'soft' ? [DELETED, DELETED_AT] : [];
  const guard = options.positionGuard ? [GUARD] : [];
  return [...deleted, ...guard, ...options.metadataColumns.map((name) => METADATA[name])];
}
