import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { columnTypeText } from '../../../../dialects/mysql/ddl/column-types.ts';
import type {
  ColumnDefault,
  ColumnDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { sourceTypeOf } from '../../../../dialects/mysql/mysql-source-type.ts';
import type { ColumnFacts } from '../../../model/column-converter.ts';
import type { TextFormat } from '../../../model/table-schema.ts';
import type { ColumnConversions, ConvertedColumn } from '../../column-conversions.ts';

/** Custom converters, asked about columns of MySQL and MariaDB. */
export class MysqlConversions {
  readonly #conversions: ColumnConversions;
  /** Of the same answer the same function, or a table would get a new version each time. */
  readonly #ofBytes = new Map<ConvertedColumn, ConvertedColumn>();

  constructor(conversions: ColumnConversions) {
    this.#conversions = conversions;
  }

  /** Null: no converter wants it. `own` is the format of its type. Throws CONVERTER_INVALID. */
  of(
    table: { readonly database: string; readonly name: string },
    column: ColumnDefinition,
    own: TextFormat,
    server: ServerVersion,
  ): ConvertedColumn | null {
    const converted = this.#conversions.of(factsOf(table, column, server));
    if (converted === null || !own.kind.startsWith('raw-')) return converted;
    const known = this.#ofBytes.get(converted);
    if (known !== undefined) return known;
    const made = fromBytes(converted);
    this.#ofBytes.set(converted, made);
    return made;
  }
}

/** A function takes text: of bytes it gets what PostgreSQL prints of a bytea, `\x0aff`. */
function fromBytes({ schema, format }: ConvertedColumn): ConvertedColumn {
  const { convert } = format;
  return {
    schema,
    format: {
      kind: 'custom',
      isRaw: true,
      convert: (text) => convert(`\\x${Buffer.from(text, 'latin1').toString('hex')}`),
    },
  };
}

function factsOf(
  { database, name: table }: { readonly database: string; readonly name: string },
  { name, type, nullable, default: given }: ColumnDefinition,
  server: ServerVersion,
): ColumnFacts {
  const { length, scale } = sourceTypeOf(type, server);
  return {
    name,
    database: 'def',
    schema: database,
    table,
    type: columnTypeText(type, server),
    typeName: type.base,
    length,
    scale,
    optional: nullable,
    default: expressionOf(given),
  };
}

function expressionOf(given: ColumnDefault): string | null {
  switch (given?.kind) {
    case undefined:
      return null;
    case 'literal':
      return `'${given.text.replaceAll("'", "''")}'`;
    case 'bits':
      return `b'${given.text}'`;
    case 'now':
      return given.fraction === 0 ? 'CURRENT_TIMESTAMP' : `CURRENT_TIMESTAMP(${given.fraction})`;
    case 'expression':
      return given.text;
  }
}
