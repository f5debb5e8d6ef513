import { shownCharset } from './character-sets.ts';
import type { ServerVersion } from './ddl-dialect.ts';
import type { CatalogChange, QualifiedName } from './table-catalog.ts';
import type { ColumnDefinition, TableDefinition } from './table-definition.ts';
import { rowKeyColumns } from './table-keys.ts';

/** What of a table's JSON is not the table's own. */
export interface DebeziumTableOptions {
  readonly server: ServerVersion;
  /** `include.schema.comments`. */
  readonly includeComments: boolean;
}

/** A column in a record of Debezium's schema history; what is not told is left out. */
export interface DebeziumColumn {
  readonly name: string;
  readonly jdbcType: number;
  readonly typeName: string;
  readonly typeExpression: string;
  readonly charsetName: string | null;
  readonly length?: number;
  readonly scale?: number;
  readonly position: number;
  readonly optional: boolean;
  readonly autoIncremented: boolean;
  readonly generated: boolean;
  readonly comment: string | null;
  readonly hasDefaultValue: boolean;
  readonly defaultValueExpression?: string;
  readonly enumValues: readonly string[];
}

/** A table in a record of Debezium's schema history. */
export interface DebeziumTable {
  readonly defaultCharsetName: string;
  readonly primaryKeyColumnNames: readonly string[];
  readonly columns: readonly DebeziumColumn[];
  readonly attributes: readonly never[];
}

/** An entry of `tableChanges`, as the schema history has it. */
export interface DebeziumTableChange {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  readonly id: string;
  readonly previousId?: string;
  readonly table?: DebeziumTable;
  readonly comment?: string | null;
}

/** Constants of java.sql.Types by the first words of a type, as Debezium's parser assigns them. */
const JDBC_TYPES: readonly (readonly [RegExp, number])[] = [
  [/^(TINYINT|INT1|SMALLINT|INT2)\b/, 5],
  [/^(MEDIUMINT|INT3|MIDDLEINT|INT|INTEGER|INT4|YEAR)\b/, 4],
  [/^(BIGINT|INT8|SERIAL)\b/, -5],
  [/^REAL\b/, 7],
  [/^(DOUBLE|FLOAT8)\b/, 8],
  [/^FLOAT/, 6],
  [/^NUMERIC\b/, 2],
  [/^(DECIMAL|DEC|FIXED)\b/, 3],
  [/^BIT\b/, -7],
  [/^BOOL/, 16],
  [/^DATE\b/, 91],
  [/^TIME\b/, 92],
  [/^DATETIME\b/, 93],
  [/^TIMESTAMP\b/, 2014],
  [/^BINARY\b/, -2],
  [/^VARBINARY\b/, -3],
  [/^(TINY|MEDIUM|LONG)?BLOB\b|^LONG VARBINARY\b/, 2004],
  [/^(NVARCHAR|NCHAR VAR|NATIONAL VARCHAR|NATIONAL CHAR(ACTER)? VARYING)/, -9],
  [/^(NCHAR|NATIONAL)\b/, -15],
  [/^(CHAR|CHARACTER) VARYING\b/, 12],
  [/^(CHAR|CHARACTER|ENUM|SET)\b/, 1],
  [/^(VARCHAR|VARCHARACTER|LONG)\b|TEXT\b/, 12],
];
const OTHER = 1111;

/** `"db"."table"`. */
export function debeziumTableId({ database, name }: QualifiedName): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  return `${quoted(database)}.${quoted(name)}`;
}

/** The changes of a statement, as `tableChanges` of a record of the schema history. */
export function debeziumTableChanges(
  changes: readonly CatalogChange[],
  options: DebeziumTableOptions,
): DebeziumTableChange[] {
  return changes.flatMap((change): DebeziumTableChange[] => {
    switch (change.kind) {
      case 'created':
        return [tableChange('CREATE', change.table, options)];
      case 'altered':
        return [tableChange('ALTER', change.after, options)];
      case 'renamed': {
        const { type, id, ...rest } = tableChange('ALTER', change.after, options);
        return [{ type, id, previousId: debeziumTableId(change.before), ...rest }];
      }
      case 'indexed':
        // An index is no change of a table, unless it is what tells rows apart.
        return keyNames(change.before).join() === keyNames(change.after).join()
          ? []
          : [tableChange('ALTER', change.after, options)];
      case 'dropped':
        // DROP DATABASE names no table.
        return change.withDatabase ? [] : [{ type: 'DROP', id: debeziumTableId(change.name) }];
      default:
        return [];
    }
  });
}

function tableChange(
  type: 'CREATE' | 'ALTER',
  table: TableDefinition,
  options: DebeziumTableOptions,
): DebeziumTableChange {
  const comment = hasComments(options) && table.comment !== '' ? table.comment : null;
  return { type, id: debeziumTableId(table), table: debeziumTable(table, options), comment };
}

/** The parser for MariaDB tells comments whatever the option says. */
function hasComments({ server, includeComments }: DebeziumTableOptions): boolean {
  return includeComments || server.flavor === 'mariadb';
}

function keyNames(table: TableDefinition): string[] {
  return rowKeyColumns(table).map(({ name }) => name);
}

/** A table as Debezium describes it. */
export function debeziumTable(
  table: TableDefinition,
  options: DebeziumTableOptions,
): DebeziumTable {
  return {
    defaultCharsetName: shownCharset(table.charset, options.server),
    primaryKeyColumnNames: keyNames(table),
    columns: table.columns.map((column, at) => debeziumColumn(column, at + 1, options)),
    attributes: [],
  };
}

function debeziumColumn(
  column: ColumnDefinition,
  position: number,
  options: DebeziumTableOptions,
): DebeziumColumn {
  const { server } = options;
  const { declared, type } = column;
  const name = typeName(column, server);
  const [length, scale] = dimensions(column);
  const written = defaultExpression(column);
  // Only the parser for MySQL takes ON UPDATE for a value that counts by itself.
  const follows = column.onUpdateNow !== null && server.flavor === 'mysql';
  const isMoved = column.autoIncrement || follows;
  const isText = type.charset !== null && declared.name !== 'JSON';
  return {
    name: column.name,
    jdbcType: JDBC_TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? OTHER,
    typeName: name,
    typeExpression: name,
    charsetName: isText ? shownCharset(type.charset ?? '', server) : null,
    ...(length === null ? {} : { length }),
    ...(scale === null ? {} : { scale }),
    position,
    optional: column.nullable,
    autoIncremented: isMoved,
    generated: isMoved,
    comment: hasComments(options) && column.comment !== '' ? column.comment : null,
    hasDefaultValue: column.nullable || written !== null,
    ...(written === null ? {} : { defaultValueExpression: written }),
    enumValues: declared.members ?? [],
  };
}

/** The parser for MySQL says BINARY twice, once as a type and once as an attribute. */
function typeName({ declared }: ColumnDefinition, server: ServerVersion): string {
  const isDoubled = declared.name === 'BINARY' && server.flavor === 'mysql';
  return isDoubled ? 'BINARY BINARY' : declared.name;
}

function dimensions({ declared, type }: ColumnDefinition): readonly [number | null, number | null] {
  const { length, scale, members } = declared;
  switch (type.base) {
    case 'enum':
      return [1, null];
    case 'set':
      // All members with commas between, at one character each.
      return [Math.max(0, 2 * (members?.length ?? 1) - 1), null];
    case 'decimal':
      return length === null ? [10, 0] : [length, scale];
    case 'bit':
      return [length ?? 1, null];
    default:
      return [length, scale];
  }
}

/**
 * What stands in the statement, without quotes; the clock is the epoch, expressions are nothing.
 */
function defaultExpression({ default: value }: ColumnDefinition): string | null {
  switch (value?.kind) {
    case 'literal':
    case 'bits':
      return value.written;
    case 'now':
      return /^(CURRENT_TIMESTAMP|NOW)/i.test(value.written)
        ? '1970-01-01 00:00:00'
        : value.written;
    default:
      return null;
  }
}
