/**
 * What the guard's column of a row says: the position of the newest change of the row, and of each
 * column whose value is of an older one, because newer changes did not carry it, that one's.
 *
 *     00000001-00000000016b3748-00000002 {"bio":"00000001-00000000016b3000-00000001"}
 *
 * Texts compare by their beginnings, so what stands behind it changes no comparison in SQL.
 */
export interface RowPosition {
  /** Empty: the row was there before the guard was. */
  readonly position: string;
  /** By the name of the column. */
  readonly older: ReadonlyMap<string, string>;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Reads what `formatRowPosition` wrote. */
export function parseRowPosition(text: string | null): RowPosition {
  if (text === null) return { position: '', older: NONE };
  const end = text.indexOf(' ');
  if (end < 0) return { position: text, older: NONE };
  const older = JSON.parse(text.slice(end + 1)) as Record<string, string>;
  return { position: text.slice(0, end), older: new Map(Object.entries(older)) };
}

/** Writes the text. */
export function formatRowPosition({ position, older }: RowPosition): string {
  return older.size === 0 ? position : `${position} ${JSON.stringify(Object.fromEntries(older))}`;
}

/** The later of two positions. */
export function later(one: string, other: string): string {
  return one > other ? one : other;
}

/**
 * Where a row stands that a change of key has brought, before what the change itself carries is
 * written: behind every position before the change's, and before the change's own.
 */
export function justBefore(position: string): string {
  const last = position.charCodeAt(position.length - 1);
  return `${position.slice(0, -1)}${String.fromCharCode(last - 1)}~`;
}
