import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData, ConnectHeader } from '../model/connect-record.ts';
import type { ConnectField, ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { changeOf } from '../sink/record-change.ts';
import type { RecordHeader } from '../transport/transport.ts';

/** The headers of a record. */
export interface HeadersOfRecord {
  /** As the log has them. */
  readonly log: readonly RecordHeader[];
  /** As transforms saw them: one for each of `log`. */
  readonly read: readonly ConnectHeader[];
  /** As transforms left them. */
  readonly left: readonly ConnectHeader[];
}

/** What these programs tell each other is no part of anybody's key. */
const OWN_HEADERS = /^__(?:tidemark|debezium|connect)\./;

/**
 * Keys of rows in the headers of their records: `pk.mode: record_header`.
 *
 * Headers are texts. A text that is the usual form of a whole number is one of 64 bits, every other
 * is a text: so two texts never become one key, and the type does not hang on how large the number
 * of the first record is. What a transform put in has the type that the transform gave it.
 */
export class HeaderKeys {
  readonly #fields: readonly string[];
  readonly #deletes: boolean;
  /** By names and types: tables are compiled once per schema object. */
  readonly #schemas = new Map<string, ConnectSchema>();
  /** Records that come behind each other have keys of one schema. */
  #last: ConnectSchema = { type: 'struct', optional: false, fields: [] };

  /** `fields`: which headers; none: all of a record. `deletes`: deletes need a key, too. */
  constructor(fields: readonly string[], deletes: boolean) {
    this.#fields = fields;
    this.#deletes = deletes;
  }

  /** Null: the record is about no row. Throws SINK_RECORD where a row would have no key. */
  keyOf(record: SinkRecord, headers: HeadersOfRecord): Struct | null {
    // Its key in the log says nothing here, not even whether it is a tombstone.
    const kind = record.value === null ? 'delete' : changeOf(record).kind;
    if (kind === 'skip' || kind === 'truncate') return null;
    const found = this.#found(headers);
    const missing = this.#fields.filter((name) => !found.has(name));
    if (missing.length === 0 && found.size > 0) return this.#struct(found);
    if (kind === 'delete' && !this.#deletes) return null;
    throw withoutHeaders(missing, record.value === null);
  }

  /** In one order for all records. */
  #found({ log, read, left }: HeadersOfRecord): ReadonlyMap<string, ConnectData> {
    const named = new Map<string, ConnectData>();
    for (const header of left) {
      const { name } = header;
      if (this.#fields.length === 0 ? OWN_HEADERS.test(name) : !this.#fields.includes(name)) {
        continue;
      }
      // A transform adds to what is there: of several headers of a name the last one counts.
      const own = log[read.indexOf(header)];
      named.set(name, own === undefined ? header : dataOfText(own));
    }
    // Whoever writes headers gives them no order.
    const names = this.#fields.length === 0 ? [...named.keys()].toSorted() : this.#fields;
    return new Map(
      names.flatMap((name) => {
        const data = named.get(name);
        return data === undefined ? [] : [[name, data] as const];
      }),
    );
  }

  #struct(found: ReadonlyMap<string, ConnectData>): Struct {
    const fields = [...found].map(([name, { schema }]) => {
      if (schema === null) throw unfit(name, 'is null');
      return { name, schema };
    });
    if (!isOf(this.#last, fields)) this.#last = this.#schemaOf(fields);
    return { schema: this.#last, values: [...found.values()].map(({ value }) => value) };
  }

  #schemaOf(fields: readonly ConnectField[]): ConnectSchema {
    const text = JSON.stringify(fields);
    let schema = this.#schemas.get(text);
    if (schema === undefined) {
      schema = { type: 'struct', optional: false, fields };
      this.#schemas.set(text, schema);
    }
    return schema;
  }
}

function isOf({ fields: own = [] }: ConnectSchema, fields: readonly ConnectField[]): boolean {
  return (
    own.length === fields.length &&
    fields.every(({ name, schema }, i) => own[i]?.name === name && own[i].schema === schema)
  );
}

/** Where the keys of a sink's rows come from; null: it has no rows. */
export function keyOptionsOf({
  options,
}: ConnectorConfig): { readonly mode: string; readonly fields: readonly string[] } | null {
  const prefix = options.has('primary.key.mode') ? 'primary.key' : 'pk';
  const mode = options.optionalString(`${prefix}.mode`);
  return mode === undefined
    ? null
    : { mode, fields: [...new Set(options.list(`${prefix}.fields`))] };
}

/** What the properties of a sink ask for; null: its keys are not in headers. */
export function headerKeysOf(sink: ConnectorConfig): HeaderKeys | null {
  const keys = keyOptionsOf(sink);
  if (keys?.mode !== 'record_header') return null;
  const { options } = sink;
  const deletes = options.boolean('delete.enabled') || options.string('write.mode') !== 'mirror';
  return new HeaderKeys(keys.fields, deletes);
}

const INTEGER: ConnectSchema = { type: 'int64', optional: false };
const TEXT: ConnectSchema = { type: 'string', optional: false };
const WHOLE = /^(?:0|-?[1-9]\d{0,18})$/;

function dataOfText({ name, value }: RecordHeader): ConnectData {
  if (value === null) throw unfit(name, 'is null');
  const text = value.toString('utf8');
  // What stands for broken bytes would be one key for many.
  if (!Buffer.from(text, 'utf8').equals(value)) throw unfit(name, 'is no text in UTF-8');
  if (!WHOLE.test(text)) return { schema: TEXT, value: text };
  const whole = BigInt(text);
  return BigInt.asIntN(64, whole) === whole
    ? { schema: INTEGER, value: whole }
    : { schema: TEXT, value: text };
}

function unfit(name: string, why: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', `the header ${name}, which is part of the key, ${why}`, {
    cure: 'Correct whoever writes the records, or leave the header out of pk.fields.',
  });
}

function withoutHeaders(missing: readonly string[], isTombstone: boolean): TidemarkError {
  const what = isTombstone ? 'a tombstone' : 'the record';
  const which = missing.length === 0 ? 'no headers' : `no header ${missing.join(', ')}`;
  const message = `${what} has ${which}, where pk.mode record_header has the key`;
  return new TidemarkError('SINK_RECORD', message, {
    cure: isTombstone
      ? 'Write tombstones with the headers of their rows, or none: tombstones.on.delete false, ' +
        'or the transform Filter with the predicate RecordIsTombstone.'
      : 'Correct pk.fields (primary.key.fields), or whoever writes the records.',
  });
}
