import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Struct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { sourceField } from '../record-change.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

type NamingOptions = Pick<
  SqlSinkOptions,
  'tableNameFormat' | 'topicDots' | 'defaultSchema' | 'quoteIdentifiers'
>;

/** What of a record may name its table; no value where only the topic is known. */
type NamingRecord = Pick<SinkRecord, 'topic' | 'destination' | 'value'>;

const PLACEHOLDER = /\$\{([^}]*)\}/g;

/** Names of the target. Limits are checked: PostgreSQL would cut silently (S14). */
export class TableNaming {
  readonly #options: NamingOptions;
  readonly #max: TargetDialect['identifierMax'];
  /** Schema part (null: the default schema) and table part of the format. */
  readonly #schemaFormat: string | null;
  readonly #tableFormat: string;

  constructor(options: NamingOptions, max: TargetDialect['identifierMax']) {
    this.#options = options;
    this.#max = max;
    // Only dots of the format part the name; dots in values belong to names (PITFALLS P39).
    const parts = options.tableNameFormat.split(/\.(?![^${]*\})/);
    if (parts.length > 2) {
      throw new TidemarkError(
        'CONFIG_INVALID',
        `table.name.format: ${options.tableNameFormat} has more than schema and table`,
      );
    }
    this.#schemaFormat = parts.length === 2 ? (parts[0] ?? null) : null;
    this.#tableFormat = parts.at(-1) ?? '';
  }

  /** The target of a record; null for a record that cannot tell (a tombstone). */
  target(record: NamingRecord): TargetName | null {
    const schema =
      this.#schemaFormat === null
        ? this.#options.defaultSchema
        : this.#fill(this.#schemaFormat, record);
    const table = this.#fill(this.#tableFormat, record);
    if (schema === null || table === null) return null;
    if (this.#options.topicDots === 'qualify' && table.includes('.')) {
      const parts = table.split('.');
      return {
        schema: this.identifier(parts.at(-2) ?? schema),
        table: this.identifier(parts.at(-1) ?? table),
      };
    }
    return { schema: this.identifier(schema), table: this.identifier(table) };
  }

  /** A name as it is written in the target; without quotes it is folded as the server would. */
  identifier(name: string): string {
    const folded =
      !this.#options.quoteIdentifiers && /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name)
        ? name.toLowerCase()
        : name;
    const { length: most, unit } = this.#max;
    const length = unit === 'bytes' ? Buffer.byteLength(folded) : [...folded].length;
    if (length === 0 || length > most || folded.includes('\0')) {
      throw new TidemarkError(
        'SINK_SCHEMA',
        `${JSON.stringify(name)} cannot be a name in the target (1 to ${most} ${unit})`,
        { cure: 'Choose a shorter table.name.format, or leave the table or column out.' },
      );
    }
    return folded;
  }

  #fill(format: string, record: NamingRecord): string | null {
    let missing = false;
    const text = format.replaceAll(PLACEHOLDER, (_, name: string) => {
      const value = this.#value(name, record);
      if (value === null) missing = true;
      return value ?? '';
    });
    return missing ? null : text;
  }

  #value(name: string, record: NamingRecord): string | null {
    if (name === 'topic') {
      const topic = record.destination ?? record.topic;
      return this.#options.topicDots === 'underscore' ? topic.replaceAll('.', '_') : topic;
    }
    const field = /^source\.(\w+)$/.exec(name)?.[1];
    if (field === undefined) {
      throw new TidemarkError(
        'CONFIG_INVALID',
        `table.name.format: unknown placeholder \${${name}}`,
      );
    }
    if (record.value === null) return null;
    const value = sourceField(record.value, field) ?? schemaOf(record.value, field);
    if (value !== null) return value;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `records of ${record.topic} have no source block with ${field}, which the table's name needs`,
      { cure: 'Set table.name.format (collection.name.format) to ${topic}.' },
    );
  }
}

/** Where a schema is a database, the source block has only `db`. */
function schemaOf(value: Struct, field: string): string | null {
  return field === 'schema' ? sourceField(value, 'db') : null;
}
