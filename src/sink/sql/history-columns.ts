import type { TargetDialect, TargetName, WantedColumn } from '../../../dialects/dialect.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import { METADATA } from '../change-metadata.ts';

/*
 * A change is one row of the history for each image that it carries: an update has a row `before`
 * and a row `after`, under the names and types of the source's columns. The other form, columns
 * `before_x` and `after_x`, was weighed: it doubles the columns (which end in every
 * product) and lengthens their names past the limit, needs COALESCE in every condition on a key,
 * and cannot count rows of tables without key. Here `WHERE id = 7 ORDER BY _cdc_pos` is the life of
 * a row, and a table without key is a sum: rows `after` less rows `before`.
 */

/** What the row of an image is: the row as it was, as it became, or neither (a truncate). */
export type HistoryImage = 'before' | 'after' | 'none';

/** The columns that tell rows of a history apart: its primary key. */
export const HISTORY_KEY = {
  source: '_cdc_source',
  position: '_cdc_pos',
  op: '_cdc_op',
  image: '_cdc_image',
  /** Tells changes apart that share a position: rows of a snapshot, of one COPY. */
  row: '_cdc_row',
} as const;

/** Names of the source's columns whose values were not sent, as a JSON array; null: all were. */
export const HISTORY_ABSENT = '_cdc_absent';

const TEXT: ConnectSchema = { type: 'string', optional: true };
const KEY_TEXT: ConnectSchema = { type: 'string', optional: false };

/**
 * What part of the longest key each column of it has, for products whose keys have an end: names of
 * a source may have 250 characters, positions 56, the rest 38 or more.
 */
const SHARES: Readonly<Record<string, number>> = {
  [HISTORY_KEY.source]: 3,
  [HISTORY_KEY.position]: 12,
  [HISTORY_KEY.op]: 16,
  [HISTORY_KEY.image]: 16,
  [HISTORY_KEY.row]: 16,
};

/** What is told of a change beside its key; the same columns that a mirror may have. */
export const HISTORY_METADATA: readonly ChangeColumn[] = [
  METADATA.source_ts,
  METADATA.tx_id,
  METADATA.topic,
  METADATA.partition,
  METADATA.offset,
  METADATA.ingested_at,
];

/** All columns of a history that are not the source's, in their order. */
export const HISTORY_OWN_COLUMNS: readonly string[] = [
  ...Object.values(HISTORY_KEY),
  ...HISTORY_METADATA.map(({ name }) => name),
  HISTORY_ABSENT,
];

/** The schema by which a column of ours is written. */
export function ownSchema(name: string): ConnectSchema {
  return name in SHARES ? KEY_TEXT : TEXT;
}

/** The columns of ours as the target is to have them. */
export function wantedHistoryColumns(
  table: TargetName,
  dialect: TargetDialect,
): readonly WantedColumn[] {
  const metadata = new Map(HISTORY_METADATA.map((column) => [column.name, column.schema]));
  return HISTORY_OWN_COLUMNS.map((name) => {
    const schema = metadata.get(name) ?? ownSchema(name);
    return { name, schema, type: dialect.columnType(schema, table, SHARES[name] ?? 0) };
  });
}
