/** A type of DuckDB, as its catalog prints it or as a column is made with it. */
export interface DuckdbType {
  /** `INTEGER`, `DECIMAL`, `ENUM`; of a list that of its elements. */
  readonly base: string;
  /** Of a DECIMAL: digits in all, and behind the point. */
  readonly digits: readonly [precision: number, scale: number] | null;
  /** Of an ENUM, in their order. */
  readonly labels: readonly string[] | null;
  /** How many `[]` stand behind it. */
  readonly depth: number;
}

const DECIMAL = /^(?:DECIMAL|NUMERIC)\((\d+),\s*(\d+)\)$/;
const ENUM = /^ENUM\((.*)\)$/s;
const LABEL = /'((?:[^']|'')*)'/g;

/** Reads a type. One that is not known, such as a STRUCT, is its own base. */
export function parseDuckdbType(text: string): DuckdbType {
  const brackets = /(?:\[\])*$/.exec(text)?.[0] ?? '';
  const element = text.slice(0, text.length - brackets.length);
  const depth = brackets.length / 2;
  const decimal = DECIMAL.exec(element);
  if (decimal !== null) {
    const digits = [Number(decimal[1]), Number(decimal[2])] as const;
    return { base: 'DECIMAL', digits, labels: null, depth };
  }
  const members = ENUM.exec(element)?.[1];
  if (members !== undefined) {
    const labels = [...members.matchAll(LABEL)].map(([, label = '']) =>
      label.replaceAll("''", "'"),
    );
    return { base: 'ENUM', digits: null, labels, depth };
  }
  return { base: element, digits: null, labels: null, depth };
}

/** An ENUM of these labels, for DDL. */
export function printEnum(labels: readonly string[]): string {
  return `ENUM(${labels.map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')})`;
}
