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
   * where in it the transaction's group begins (low 32 bits). Of a row that a snapshot read, first
   * or beside the stream: where the stream stands then, behind all commits that were told.
   */
  readonly commit: bigint;
  /**
   * `READ_ORDINAL` of rows that a snapshot read, so that they lose against whatever the log tells
   * from that place on; else 1 + the index of the event in its transaction.
   */
  readonly ordinal: number;
}

/** The header of a record that carries its position. */
export const POSITION_HEADER = '__tidemark.position';

/** Characters of a position's text. */
export const POSITION_LENGTH = 34;

/** Of rows that a snapshot read. */
export const READ_ORDINAL = 0;

const ORDINAL_MAX = 0xffffffff;

/**
 * The ordinal of a row's change, or of a truncate; all past 2^32 - 2 events share the last. What a
 * read has shown to be gone stands where the rows of that read do.
 */
export function positionOrdinal(change: {
  readonly op?: string;
  readonly ordinal: number;
  readonly snapshot?: string;
}): number {
  const isRead = change.op === 'r' || (change.op === 'd' && change.snapshot === 'incremental');
  return isRead ? READ_ORDINAL : Math.min(change.ordinal + 1, ORDINAL_MAX);
}

/** Writes the text. */
export function formatPosition({ epoch, commit, ordinal }: ChangePosition): string {
  return `${hex(epoch, 8)}-${hex(commit, 16)}-${hex(ordinal, 8)}`;
}

const DASH = 45;
/** By code: a digit of a hexadecimal number in lower case. */
const IS_HEX = Array.from({ length: 128 }, (_, code) => /[\da-f]/.test(String.fromCharCode(code)));

/** The text is a position. Asked for every record that a sink reads. */
export function isPosition(text: string): boolean {
  if (text.length !== POSITION_LENGTH) return false;
  for (let i = 0; i < POSITION_LENGTH; i++) {
    const code = text.charCodeAt(i);
    if (i === 8 || i === 25 ? code !== DASH : IS_HEX[code] !== true) return false;
  }
  return true;
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
