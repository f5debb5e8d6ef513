import type { BinlogColumn } from '../../../../dialects/mysql/binlog-column.ts';
import { BinlogType } from '../../../../dialects/mysql/binlog-type.ts';
import type {
  ColumnDefinition,
  ColumnType,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { collationOfCharset } from '../../../../dialects/mysql/mysql-collations.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { BinlogTable } from '../binlog/binlog-table.ts';

/** A column of the table's definition, and where its values stand in a row of the binlog. */
export interface PlacedColumn {
  readonly definition: ColumnDefinition;
  readonly index: number;
}

/** Columns of a table map that are not of the definition: hidden ones, which nobody selects. */
const HIDDEN = -1;

/**
 * Which column of the table map is which of the definition. By name where the server tells names,
 * else by place; a type that does not fit means that the definition is not that of these rows, and
 * reading on would shift columns (PITFALLS B49, B58).
 */
export function placeColumns(table: BinlogTable, definition: TableDefinition): PlacedColumn[] {
  const { names } = table.metadata;
  const placed = definition.columns.map((column, i): PlacedColumn => {
    const index = names === null ? i : indexOfName(names, column.name);
    const told = table.columns[index];
    const subject = `${table.schema}.${table.name}.${column.name}`;
    if (told === undefined) throw mismatch(subject, 'is not in its table map');
    if (!typesOf(column.type, column.compressed).includes(told.type)) {
      throw mismatch(subject, `is ${column.type.base}, and of type ${told.type} in its table map`);
    }
    return { definition: column, index };
  });
  const known = new Set(placed.map(({ index }) => index));
  const hidden = definition.hasHiddenPeriod ? 2 : 0;
  const surplus = table.columns.length - placed.length;
  // Indexes over expressions and long unique values have columns of their own (PITFALLS B124).
  const isOwn =
    names === null
      ? surplus === hidden
      : names.every((name, index) => known.has(index) || isHidden(name, hidden > 0));
  if (isOwn) return placed;
  throw mismatch(`${table.schema}.${table.name}`, `has ${surplus} columns more in its table map`);
}

function isHidden(name: string, hasPeriod: boolean): boolean {
  return /^(?:!hidden!|DB_ROW_HASH_)/.test(name) || (hasPeriod && /^row_(?:start|end)$/.test(name));
}

function indexOfName(names: readonly string[], name: string): number {
  const exact = names.indexOf(name);
  if (exact >= 0) return exact;
  const lower = name.toLowerCase();
  return names.findIndex((each) => each.toLowerCase() === lower);
}

/** Columns by which the values are read: what the table map leaves open, from the definition. */
export function refinedColumns(
  table: BinlogTable,
  placed: readonly PlacedColumn[],
): readonly BinlogColumn[] {
  const definitions = table.columns.map(() => HIDDEN);
  placed.forEach(({ index }, i) => {
    definitions[index] = i;
  });
  return table.columns.map((told, i) => {
    const definition = placed[definitions[i] as number]?.definition;
    return definition === undefined ? told : refined(told, definition.type);
  });
}

const OLD_TIMES: ReadonlySet<number> = new Set([
  BinlogType.timestamp,
  BinlogType.time,
  BinlogType.datetime,
]);
const DECLARED = new Set(['uuid', 'inet4', 'inet6']);

function refined(told: BinlogColumn, type: ColumnType): BinlogColumn {
  const { base, charset, members, unsigned } = type;
  const isTold = told.collation !== null;
  const collation = isTold ? told.collation : (collationOfCharset(charset ?? 'binary') ?? null);
  const column = {
    ...told,
    unsigned: told.unsigned || unsigned,
    collation,
    members: told.members ?? members,
  };
  if (OLD_TIMES.has(told.type) && told.flavor === 'mariadb') {
    return { ...column, meta: type.length ?? 0 };
  }
  return DECLARED.has(base) ? { ...column, declared: base as 'uuid' | 'inet4' | 'inet6' } : column;
}

const BLOBS = [
  BinlogType.blob,
  BinlogType.tinyBlob,
  BinlogType.mediumBlob,
  BinlogType.longBlob,
  BinlogType.compressedBlob,
];
const CHARS = [BinlogType.string, BinlogType.varString];
const VARCHARS = [BinlogType.varchar, BinlogType.varString, BinlogType.compressedVarchar];

const TYPES: Readonly<Record<string, readonly number[]>> = {
  tinyint: [BinlogType.tiny],
  smallint: [BinlogType.short],
  mediumint: [BinlogType.int24],
  int: [BinlogType.long],
  bigint: [BinlogType.longlong],
  float: [BinlogType.float],
  double: [BinlogType.double],
  decimal: [BinlogType.newDecimal],
  bit: [BinlogType.bit],
  year: [BinlogType.year],
  date: [BinlogType.date],
  time: [BinlogType.time2, BinlogType.time],
  datetime: [BinlogType.datetime2, BinlogType.datetime],
  timestamp: [BinlogType.timestamp2, BinlogType.timestamp],
  char: CHARS,
  binary: CHARS,
  uuid: CHARS,
  inet4: CHARS,
  inet6: CHARS,
  varchar: VARCHARS,
  varbinary: VARCHARS,
  // MariaDB's is a VARBINARY.
  vector: [BinlogType.vector, ...VARCHARS],
  json: [BinlogType.json, ...BLOBS],
  enum: [BinlogType.enum],
  set: [BinlogType.set],
};

/** Types that a table map may have for it. */
function typesOf({ base }: ColumnType, compressed: boolean): readonly number[] {
  if (compressed) return [...BLOBS, ...VARCHARS];
  const types = TYPES[base];
  if (types !== undefined) return types;
  return base.endsWith('blob') || base.endsWith('text') ? BLOBS : [BinlogType.geometry];
}

/** What is known of a table does not fit its rows in the binlog. */
export function mismatch(subject: string, what: string): ShapeMismatch {
  return new ShapeMismatch(subject, what);
}

/** Rows of a table do not fit the definition that is known of it. */
export class ShapeMismatch extends TidemarkError {
  constructor(subject: string, what: string) {
    super('MYSQL_SHAPE', `${subject} ${what}`);
  }
}
