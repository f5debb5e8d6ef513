/**
 * The position of a change: where it stands among all changes of its source, as one text whose
 * order as bytes is the order of the changes (DESIGN ruling 4). A record of a row carries it in the
 * header `__tidemark.position`, 34 characters of ASCII:
 *
 *     EEEEEEEE-CCCCCCCCCCCCCCCC-OOOOOOOO
 *
 * lower-case hex, padded with zeros: epoch (32 bits), commit position (64 bits), ordinal (32 bits).
 * The same change has the same position however often it is read from the same log. The record of a
 * delete and that of the create which a change of key becomes share one.
 */
export interface ChangePosition {
  /**
   * From 1; rises whenever the source's log is numbered anew: another server, another timeline,
   * binlogs that begin again. Only within one epoch commit positions can be compared.
   */
  readonly epoch: number;
  /**
   * Of PostgreSQL the LSN of the commit; of a binlog the number of the file (high 32 bits) and
   * where in it the transaction's group begins (low 32 bits). Of a row that a snapshot read: the
   * place up to which the row is told to have all changes.
   */
  readonly commit: bigint;
  /**
   * `SNAPSHOT_ORDINAL` of rows of a first snapshot, before all events of a commit there;
   * `WINDOW_ORDINAL` of rows that were read beside the stream, behind all events of the commit;
   * else 1 + the index of the event in its transaction (`eventOrdinal`).
   */
  readonly ordinal: number;
}

/** The header of a record that carries its position. */
export const POSITION_HEADER = '__tidemark.position';

/** Characters of a position's text. */
export const POSITION_LENGTH = 34;

/** Of rows of a first snapshot. */
export const SNAPSHOT_ORDINAL = 0;

/** Of rows that were read beside the stream. */
export const WINDOW_ORDINAL = 0xffffffff;

/** Of the event with this index (from 0) in its transaction; all past 2^32 - 3 share the last. */
export function eventOrdinal(index: number): number {
  return Math.min(index + 1, WINDOW_ORDINAL - 1);
}

/** Writes the text. */
export function formatPosition({ epoch, commit, ordinal }: ChangePosition): string {
  return `${hex(epoch, 8)}-${hex(commit, 16)}-${hex(ordinal, 8)}`;
}

const SHAPE = /^[\da-f]{8}-[\da-f]{16}-[\da-f]{8}$/;

/** The text is a position. */
export function isPosition(text: string): boolean {
  return text.length === POSITION_LENGTH && SHAPE.test(text);
}

/** Reads what `formatPosition` wrote; null: it is none. */
export function parsePosition(text: string): ChangePosition | null {
  if (!isPosition(text)) return null;
  const [epoch = '', commit = '', ordinal = ''] = text.split('-');
  return {
    epoch: Number.parseInt(epoch, 16),
    commit: BigInt(`0x${commit}`),
    ordinal: Number.parseInt(ordinal, 16),
  };
}

function hex(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
