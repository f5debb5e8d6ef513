import type {
  ColumnDefinition,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { rowKeyColumns } from '../../../../dialects/mysql/ddl/table-keys.ts';
import { must } from '../../../foundation/assert.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { quotedName } from '../capture/server-tables.ts';

/** A key by whose order a table can be read in parts. */
export interface OrderedKey {
  /** Of the index. */
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
}

/** How a value of a key is written into a statement, so that it means the same there. */
type KeyForm = 'number' | 'double' | 'bytes' | 'text' | 'quoted';

const FORMS: Readonly<Record<string, KeyForm>> = {
  tinyint: 'number',
  smallint: 'number',
  mediumint: 'number',
  int: 'number',
  bigint: 'number',
  decimal: 'number',
  year: 'number',
  // Their texts have another order than they have themselves (PITFALLS B118).
  bit: 'number',
  enum: 'number',
  set: 'number',
  float: 'double',
  double: 'double',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  date: 'quoted',
  time: 'quoted',
  datetime: 'quoted',
  timestamp: 'quoted',
  uuid: 'quoted',
  inet4: 'quoted',
  inet6: 'quoted',
};

/** The key that tells rows apart, if its index has their order; null: the table is read whole. */
export function orderedKey(table: TableDefinition): OrderedKey | null {
  const columns = rowKeyColumns(table);
  const key = table.keys.find(({ kind, parts }) => {
    if (kind === 'index' || parts.length !== columns.length) return false;
    return parts.every(({ column }, i) => isSame(column, columns[i]?.name));
  });
  if (key === undefined || columns.length === 0) return null;
  // The index has a prefix in another order than the whole value.
  const isWhole = key.parts.every(({ length }) => length === null);
  const isKnown = columns.every(({ type }) => FORMS[type.base] !== undefined);
  return isWhole && isKnown ? { name: key.name, columns } : null;
}

function isSame(left: string | null, right: string | undefined): boolean {
  return left?.toLowerCase() === right?.toLowerCase();
}

/** What to select of a row to go on behind it: as texts, which `keyLiteral` writes again. */
export function keySelectList({ columns }: Pick<OrderedKey, 'columns'>): string {
  return columns.map((column) => keyExpression(column)).join(', ');
}

function keyExpression({ name, type }: ColumnDefinition): string {
  const quoted = quotedName(name);
  switch (type.base) {
    case 'bit':
    case 'enum':
    case 'set':
      return `${quoted}+0`;
    case 'float':
      return `${quoted}+0e0`;
    default:
      return formOf(type) === 'bytes' ? `HEX(${quoted})` : quoted;
  }
}

/** In the order of the index, which only the server knows (collations, members of an ENUM). */
export function keyOrder({ columns }: Pick<OrderedKey, 'columns'>): string {
  return columns.map(({ name }) => quotedName(name)).join(', ');
}

/**
 * Rows behind a key. Written out, because servers find no range by a comparison of rows; the first
 * column once more by itself, because of an OR some find none either.
 */
export function beyondKey(key: Pick<OrderedKey, 'columns'>, values: readonly string[]): string {
  return bound(key.columns, values, '>', '>');
}

/** Rows up to a key and of it. */
export function upToKey(key: Pick<OrderedKey, 'columns'>, values: readonly string[]): string {
  return bound(key.columns, values, '<', '<=');
}

function bound(
  columns: readonly ColumnDefinition[],
  values: readonly string[],
  sign: '<' | '>',
  lastSign: '<=' | '>',
): string {
  const compare = (i: number): string => {
    const column = must(columns[i], 'a column of the key');
    const name = quotedName(column.name);
    const literal = keyLiteral(column, must(values[i], 'a value of the key'));
    if (i === columns.length - 1) return `${name} ${lastSign} ${literal}`;
    return `(${name} ${sign} ${literal} OR (${name} = ${literal} AND ${compare(i + 1)}))`;
  };
  if (columns.length === 1) return compare(0);
  const first = must(columns[0], 'a key of several columns');
  const edge = keyLiteral(first, must(values[0], 'a value of the key'));
  return `(${quotedName(first.name)} ${sign}= ${edge} AND ${compare(0)})`;
}

const NUMBER = /^-?\d+(\.\d+)?$/;
const DOUBLE = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i;
const HEXADECIMAL = /^([0-9a-f]{2})*$/i;
const PLAIN = /^[-0-9a-f:. ]*$/i;

/** A text of `keySelectList` as a literal of the column's own type and collation. */
export function keyLiteral({ name, type }: ColumnDefinition, text: string): string {
  const form = formOf(type);
  switch (form) {
    case 'number':
      if (NUMBER.test(text)) return text;
      break;
    case 'double':
      if (DOUBLE.test(text)) return /e/i.test(text) ? text : `${text}e0`;
      break;
    case 'bytes':
      if (HEXADECIMAL.test(text)) return `x'${text}'`;
      break;
    case 'text':
      // Hexadecimal: no quote to escape, whatever the mode. The column's collation decides.
      return `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
    default:
      if (PLAIN.test(text)) return `'${text}'`;
  }
  throw new TidemarkError('INTERNAL', `a key value of ${name} (${type.base}) of another form`);
}

function formOf(type: ColumnDefinition['type']): KeyForm {
  return must(FORMS[type.base], 'a type that has an order');
}
