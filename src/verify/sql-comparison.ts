import type {
  CatalogRow,
  ComparisonDialect,
  TargetColumn,
  TargetDialect,
  TargetName,
  TargetTable,
} from '../../dialects/dialect.ts';
import { must } from '../foundation/assert.ts';
import type { ColumnDifference, KeyDifference, KeyTexts } from './verify-ports.ts';

/** Of rows that the source has. */
export const STAGE = 'tidemark_verify';
/** Of their keys alone, of the whole table. */
export const KEYS = 'tidemark_verify_keys';

/** What the statements are about. */
export interface ComparedColumns {
  readonly dialect: TargetDialect;
  readonly comparison: ComparisonDialect;
  readonly table: TargetTable;
  /** All that are compared, those of the key among them. */
  readonly columns: readonly TargetColumn[];
  readonly key: readonly TargetColumn[];
  /** A condition on rows `t` of the target, behind AND; empty: all count. */
  readonly live: string;
}

/** The statements by which a target compares rows of its own (`t`) with those staged (`s`). */
export class SqlComparison {
  readonly #parts: ComparedColumns;

  constructor(parts: ComparedColumns) {
    this.#parts = parts;
  }

  /** Makes the tables of the session anew. */
  preparation(): readonly string[] {
    const { comparison, table, columns, key } = this.#parts;
    const own = columns.map(({ name }) => name);
    const names = key.map(({ name }) => name);
    const [staged, kept] = [this.#session(STAGE), this.#session(KEYS)];
    return [
      comparison.drop(staged),
      ...comparison.make(staged, table.name, own, names),
      comparison.drop(kept),
      ...comparison.make(kept, table.name, names, names),
    ];
  }

  emptying(): string {
    return this.#parts.comparison.empty(this.#session(STAGE));
  }

  #session(name: string): TargetName {
    const { comparison, table } = this.#parts;
    return comparison.session(name, table.name);
  }

  get staged(): string {
    return this.#parts.dialect.qualify(this.#session(STAGE));
  }

  get #kept(): string {
    return this.#parts.dialect.qualify(this.#session(KEYS));
  }

  /** Rows that the target lacks, or has with other values; with those values. */
  unequal(withValues: boolean): string {
    const { comparison, table, columns } = this.#parts;
    const differs = columns.map((column) =>
      comparison.differs(column, this.#at('s', column), this.#at('t', column)),
    );
    const isMissing = `${this.#at('t', must(this.#parts.key[0], 'a key'))} IS NULL`;
    const values = (withValues ? columns : []).flatMap((column, i) => [
      `${comparison.text(column, this.#at('s', column))} AS s${i}`,
      `${comparison.text(column, this.#at('t', column))} AS t${i}`,
      `CASE WHEN ${differs[i]} THEN 1 ELSE 0 END AS d${i}`,
    ]);
    const missing = `CASE WHEN ${isMissing} THEN 1 ELSE 0 END AS missing`;
    const list = ['s.tidemark_row AS number', missing, this.keyList('s'), ...values];
    const on = `${this.#sameKey()}${this.#parts.live}`;
    const from = comparison.beside(this.#session(STAGE), table.name, on);
    const where = [isMissing, ...differs].join(' OR ');
    return `SELECT ${list.join(', ')} FROM ${from} WHERE ${where}`;
  }

  /** Reads an answer to `unequal`. */
  unequalIn(row: CatalogRow, withValues: boolean): KeyDifference {
    const key = this.keyIn(row);
    const number = Number(row['number']);
    if (Number(row['missing']) === 1) return { kind: 'missing', key, row: number, columns: [] };
    const columns = (withValues ? this.#parts.columns : []).flatMap(
      ({ name }, i): ColumnDifference[] => {
        if (Number(row[`d${i}`]) !== 1) return [];
        return [{ name, source: textOrNull(row[`s${i}`]), target: textOrNull(row[`t${i}`]) }];
      },
    );
    return { kind: 'different', key, row: number, columns };
  }

  /** Keys of rows of the target of which none is staged; or kept, of the whole table. */
  surplus(where: string, among: 'staged' | 'kept'): string {
    const { dialect, table, live } = this.#parts;
    const other = among === 'kept' ? this.#kept : this.staged;
    return (
      `SELECT ${this.keyList('t')} FROM ${dialect.qualify(table.name)} AS t ` +
      `WHERE ${where}${live} ` +
      `AND NOT EXISTS (SELECT 1 FROM ${other} AS s WHERE ${this.#sameKey()})`
    );
  }

  /** Adds the keys that are staged to those that are kept. */
  keep(): string {
    const { dialect, key } = this.#parts;
    const list = key.map(({ name }) => dialect.quote(name)).join(', ');
    const rows = `SELECT ${list}, 0 FROM ${this.staged}`;
    return `INSERT INTO ${this.#kept} (${list}, tidemark_row) ${rows}`;
  }

  keys(): string {
    return `SELECT ${this.keyList('s')} FROM ${this.staged} AS s`;
  }

  /** The first (ASC) or the last (DESC) of the staged keys. */
  edgeKey(direction: 'ASC' | 'DESC'): string {
    const order = this.#parts.key.map((column) => `${this.#at('s', column)} ${direction}`);
    return `${this.keys()} ORDER BY ${order.join(', ')} LIMIT 1`;
  }

  /** A condition on the target's rows. */
  bound(operator: '>' | '>=' | '<=', key: KeyTexts): string {
    const { comparison } = this.#parts;
    const names = this.#parts.key.map((column) => this.#at('t', column));
    const values = this.#parts.key.map((column, i) => comparison.key(column, key[i] ?? ''));
    if (names.length === 1) return `${names[0]} ${operator} ${values[0]}`;
    return `(${names.join(', ')}) ${operator} (${values.join(', ')})`;
  }

  /** The same: rows of these keys. */
  among(keys: readonly KeyTexts[]): string {
    const { comparison, key: columns } = this.#parts;
    if (keys.length === 0) return '1 = 0';
    const literals = keys.map((key) =>
      columns.map((column, i) => comparison.key(column, key[i] ?? '')),
    );
    const names = columns.map((column) => this.#at('t', column));
    if (names.length === 1) return `${names[0]} IN (${literals.map(([one]) => one).join(', ')})`;
    const rows = literals.map((texts) => {
      const parts = names.map((name, i) => `${name} = ${texts[i]}`);
      return `(${parts.join(' AND ')})`;
    });
    return `(${rows.join(' OR ')})`;
  }

  keyList(of: 's' | 't'): string {
    const { comparison, key } = this.#parts;
    return key
      .map((column, i) => `${comparison.text(column, this.#at(of, column))} AS k${i}`)
      .join(', ');
  }

  keyIn(row: CatalogRow): KeyTexts {
    return this.#parts.key.map((_, i) => textOrNull(row[`k${i}`]) ?? '');
  }

  #sameKey(): string {
    return this.#parts.key
      .map((column) => `${this.#at('t', column)} = ${this.#at('s', column)}`)
      .join(' AND ');
  }

  #at(of: 's' | 't', { name }: TargetColumn): string {
    return `${of}.${this.#parts.dialect.quote(name)}`;
  }
}

/** Drivers give what is cast to a text as one, or as its bytes. */
function textOrNull(value: unknown): string | null {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'string' ? value : null;
}
