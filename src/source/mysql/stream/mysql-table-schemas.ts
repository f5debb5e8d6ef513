import { isDeepStrictEqual } from 'node:util';
import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { columnTypeText } from '../../../../dialects/mysql/ddl/column-types.ts';
import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type {
  ColumnDefinition,
  TableDefinition,
} from '../../../../dialects/mysql/ddl/table-definition.ts';
import { rowKeyColumns } from '../../../../dialects/mysql/ddl/table-keys.ts';
import { mapMysqlType } from '../../../../dialects/mysql/mysql-types.ts';
import type { MysqlValueModes } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { ColumnMaskRule } from '../../../config/column-mask-options.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { SOURCE_COLUMN_NAME } from '../../../model/connect-schema.ts';
import type { ConnectSchema } from '../../../model/connect-schema.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../../../model/table-schema.ts';
import type { ColumnConversions } from '../../column-conversions.ts';
import type { BinlogTable } from '../binlog/binlog-table.ts';
import type { PlacedColumn } from './binlog-columns.ts';
import { mismatch, placeColumns, refinedColumns } from './binlog-columns.ts';
import { omittedValues } from './omitted-values.ts';
import { MysqlConversions } from './mysql-conversions.ts';
import { convertedFieldSchema, fieldSchema } from './mysql-field-schema.ts';
import type { FieldSchemaOptions } from './mysql-field-schema.ts';

/** What is captured, and how its values are shaped. */
export interface CapturedShape extends FieldSchemaOptions {
  readonly wantsTable: (database: string, table: string) => boolean;
  readonly wantsColumn: (database: string, table: string, column: string) => boolean;
  readonly masks: readonly ColumnMaskRule[];
  /** message.key.columns: the first rule whose pattern takes `database.table`. */
  readonly messageKeys: readonly { readonly table: RegExp; readonly columns: readonly string[] }[];
  readonly modes: MysqlValueModes;
  /** Custom converters; absent: there are none. */
  readonly conversions?: ColumnConversions | undefined;
}

/** Of a type that only a converter can read. */
const TEXT: TextFormat = { kind: 'string' };

const SYSTEM_DATABASES = /^(?:mysql|sys|information_schema|performance_schema)$/i;

/**
 * The shapes of captured tables, from the catalog as it is at the stream's place, each checked
 * against the table maps that come. A table map is looked at once; after a statement that changed
 * tables, again.
 */
export class MysqlTableSchemas {
  readonly #catalog: TableCatalog;
  readonly #shape: CapturedShape;
  readonly #conversions: MysqlConversions | null;
  #server: ServerVersion;
  #tables = new WeakMap<BinlogTable, TableSchema | null>();
  /** The last shape of each name, so that versions rise and equal ones stay the same object. */
  readonly #last = new Map<string, TableSchema>();

  constructor(catalog: TableCatalog, shape: CapturedShape, server: ServerVersion) {
    this.#catalog = catalog;
    this.#shape = shape;
    this.#server = server;
    const { conversions } = shape;
    this.#conversions = conversions === undefined ? null : new MysqlConversions(conversions);
  }

  /** Another server writes from here on. */
  setServer(server: ServerVersion): void {
    this.#server = server;
  }

  /** Whether rows of a table of this name are told. */
  isCaptured(database: string, table: string): boolean {
    if (SYSTEM_DATABASES.test(database)) return false;
    return this.#shape.wantsTable(database, table);
  }

  /** Whether values of a column are told; its table is assumed to be captured. */
  isColumnCaptured(database: string, table: string, column: string): boolean {
    return this.#shape.wantsColumn(database, table, column);
  }

  /** The shape of a table map's rows, which it then reads its values by; null: not captured. */
  of(table: BinlogTable): TableSchema | null {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const made = this.#make(table);
    this.#tables.set(table, made);
    return made;
  }

  /** The shape by the definition alone, as a statement leaves it or a SELECT shows it. */
  ofDefinition(definition: TableDefinition): TableSchema | null {
    const { database, name, kind, columns } = definition;
    // Sequences are stored as tables, and their rows are no data (PITFALLS B109).
    if (kind === 'sequence' || !this.isCaptured(database, name)) return null;
    return this.#schema(
      definition,
      columns.map((column, index) => ({ definition: column, index })),
    );
  }

  /** The catalog has changed. */
  changed(): void {
    this.#tables = new WeakMap();
  }

  #make(table: BinlogTable): TableSchema | null {
    if (!this.isCaptured(table.schema, table.name)) return null;
    const definition = this.#catalog.table(table.schema, table.name);
    if (definition === undefined) {
      const name = `${table.schema}.${table.name}`;
      throw mismatch(name, 'has rows, and its definition is not known');
    }
    if (definition.kind === 'sequence') return null;
    const placed = placeColumns(table, definition);
    table.refine(refinedColumns(table, placed), omittedValues(table, placed));
    return this.#schema(definition, placed);
  }

  #schema(definition: TableDefinition, placed: readonly PlacedColumn[]): TableSchema {
    const { database, name } = definition;
    const qualified = `${database}.${name}`;
    const configured = this.#shape.messageKeys.find(({ table }) => table.test(qualified))?.columns;
    const own = rowKeyColumns(definition).map((column) => column.name);
    const keys = configured ?? own;
    const columns: ColumnSchema[] = [];
    for (const each of placed) {
      const column = each.definition;
      const inRow = this.#shape.wantsColumn(database, name, column.name);
      // As the original: what belongs to the key stays in the key, whatever the lists say.
      if (!inRow && !keys.includes(column.name)) continue;
      const made = this.#column(
        definition,
        each,
        `${qualified}.${column.name}`,
        keys.includes(column.name),
      );
      columns.push(inRow ? made : { ...made, keyOnly: true });
    }
    const indexOf = (key: string): number => {
      const index = columns.findIndex((column) => column.name === key);
      if (index >= 0) return index;
      const what = `message.key.columns names ${key}, which ${qualified} does not have`;
      throw new TidemarkError('CONFIG_INVALID', what);
    };
    const schema = {
      id: { catalog: 'def', schema: database, table: name },
      columns,
      keyColumns: keys.map(indexOf),
      ...(configured === undefined ? {} : { ownKeyColumns: own.map(indexOf) }),
      replicaIdentity: 'full',
    } as const;
    return this.#versioned(qualified, schema);
  }

  #versioned(qualified: string, schema: Omit<TableSchema, 'version'>): TableSchema {
    const last = this.#last.get(qualified);
    if (last !== undefined && isDeepStrictEqual({ ...schema, version: last.version }, last)) {
      return last;
    }
    const made = { ...schema, version: (last?.version ?? 0) + 1 };
    this.#last.set(qualified, made);
    return made;
  }

  #column(
    table: TableDefinition,
    { definition, index }: PlacedColumn,
    qualified: string,
    isKey: boolean,
  ): ColumnSchema {
    const rule = this.#shape.masks.find(({ patterns }) =>
      patterns.some((pattern) => pattern.test(qualified)),
    );
    const column: ColumnSchema = {
      name: definition.name,
      // A converter is not shown what a mask hides.
      ...this.#form(table, definition, qualified, rule === undefined),
      tupleIndex: index,
      sourceType: columnTypeText(definition.type, this.#server),
      identity: true,
    };
    return rule === undefined
      ? column
      : maskedColumn(column, rule, { definition, qualified, isKey });
  }

  /** Schema and format of a column: those of a custom converter, else of its type. */
  #form(
    table: TableDefinition,
    column: ColumnDefinition,
    qualified: string,
    converts: boolean,
  ): Pick<ColumnSchema, 'schema' | 'format'> {
    const mapping = mapMysqlType(column.type, this.#shape.modes);
    const format = mapping.supported ? mapping.format : TEXT;
    const own = converts
      ? (this.#conversions?.of(table, column, format, this.#server) ?? null)
      : null;
    if (own !== null) {
      return { schema: convertedFieldSchema(column, own, this.#shape), format: own.format };
    }
    if (!mapping.supported) {
      const what = `${qualified} is of the unsupported type ${mapping.typeName}`;
      throw new TidemarkError('CONFIG_UNSUPPORTED', what, {
        cure: `Leave it out: column.exclude.list: ${qualified.replaceAll('.', '\\.')}`,
      });
    }
    return {
      schema: fieldSchema(qualified, column, mapping, this.#shape, this.#server),
      format,
    };
  }
}

/** Of fewer hexadecimal digits two values may easily have the same. */
const KEY_DIGITS_MIN = 32;

/** Fail closed: what a mask names and cannot hide is not captured at all. */
function maskedColumn(
  column: ColumnSchema,
  rule: ColumnMaskRule,
  about: {
    readonly definition: ColumnDefinition;
    readonly qualified: string;
    readonly isKey: boolean;
  },
): ColumnSchema {
  const problem = maskProblem(column, rule, about);
  if (problem !== null) {
    const property = rule.property.replace(/(\.with\.salt\.).*$/, '$1…');
    throw new TidemarkError('CONFIG_INVALID', `${property}: ${about.qualified} ${problem}`);
  }
  const { optional } = column.schema;
  if (rule.kind === 'truncate') {
    const parameters = { ...column.schema.parameters, truncateLength: String(rule.length) };
    const mask = { kind: 'truncate', length: rule.length, unit: 'character' } as const;
    return { ...column, schema: { type: 'string', optional, parameters }, mask };
  }
  // The source's type no longer says what the values are.
  const name = column.schema.parameters?.[SOURCE_COLUMN_NAME];
  const parameters: Record<string, string> = { masked: 'true' };
  if (name !== undefined) parameters[SOURCE_COLUMN_NAME] = name;
  const schema: ConnectSchema = { type: 'string', optional, parameters };
  const hidden = { ...column, schema, format: { kind: 'string' } } as const;
  if (rule.kind === 'hash') {
    const { algorithm, salt, version } = rule;
    const length = digitsOf(column, about.definition);
    return { ...hidden, mask: { kind: 'hash', algorithm, salt, version, length } };
  }
  return { ...hidden, mask: { kind: 'constant', text: '*'.repeat(rule.length) } };
}

/** The digest has to fit where the value had; null: all of it. */
function digitsOf(column: ColumnSchema, { type }: ColumnDefinition): number | null {
  return column.format.kind === 'string' ? type.length : null;
}

function maskProblem(
  column: ColumnSchema,
  rule: ColumnMaskRule,
  about: { readonly definition: ColumnDefinition; readonly isKey: boolean },
): string | null {
  const { kind } = column.format;
  if (about.isKey && rule.kind !== 'hash') {
    return 'belongs to the key, and different rows would have equal keys';
  }
  if (rule.kind === 'truncate') return kind === 'string' ? null : 'has no characters to cut';
  if (rule.kind !== 'hash') return null;
  if (kind.startsWith('raw-')) return 'has bytes, and no text to digest';
  const digits = digitsOf(column, about.definition) ?? KEY_DIGITS_MIN;
  return about.isKey && digits < KEY_DIGITS_MIN
    ? `belongs to the key, and only ${digits} digits of its digest fit`
    : null;
}
