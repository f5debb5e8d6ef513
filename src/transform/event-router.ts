import type { ResolvedOptions } from '../config/option.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { expandJson } from './expand-json.ts';
import type { JsonExpansion } from './expand-json.ts';
import type { RecordTransform } from './record-transform.ts';
import { envelopeOf, fieldSchema, fieldValue, structIn, NOTHING } from './record-transform.ts';
import { RegexRouter } from './regex-router.ts';

/** Where a further column of the outbox goes. */
interface Placement {
  readonly field: string;
  readonly place: 'header' | 'envelope';
  readonly alias: string;
}

const PAYLOAD = 'payload';
const MICROS: Readonly<Record<string, bigint>> = {
  'io.debezium.time.Timestamp': 1n,
  'io.debezium.time.MicroTimestamp': 1_000n,
  'io.debezium.time.NanoTimestamp': 1_000_000n,
};

/**
 * Debezium's outbox EventRouter: each row inserted into the outbox becomes an event in the topic
 * that a column names, with the payload column as its value. Deletes are ignored.
 */
export class EventRouter implements RecordTransform {
  readonly #options: ResolvedOptions;
  readonly #warn: (text: string) => void;
  readonly #placements: readonly Placement[];
  readonly #wraps: boolean;
  readonly #expansion: JsonExpansion | null;
  readonly #router: RegexRouter;
  readonly #schemas = new Map<string, ConnectSchema>();

  constructor(options: ResolvedOptions, warn: (text: string) => void) {
    this.#options = options;
    this.#warn = warn;
    this.#placements = placementsOf(options.list('table.fields.additional.placement'));
    this.#wraps = this.#placements.some(({ place }) => place === 'envelope');
    this.#expansion = options.boolean('table.expand.json.payload')
      ? {
          nullFields: options.string('table.json.payload.null.behavior') as 'ignore',
          emptyArrays: options.string('table.json.payload.empty.array.behavior') as 'ignore',
        }
      : null;
    this.#router = new RegexRouter(
      options.string('route.topic.regex'),
      options.string('route.topic.replacement'),
    );
  }

  apply(record: ConnectRecord): ConnectRecord | null {
    if (record.value.value === null) return null;
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const op = fieldValue(envelope, 'op');
    const row = structIn(envelope, 'after');
    if (op === 'u') this.#unexpected(record.topic);
    if (op === 'u' || row === null) return null;
    const headers = [...record.headers, this.#id(row), ...this.#headers(row)];
    const payload = this.#payload(row);
    const routed = this.#text(row, 'route.by.field');
    const empty = payload.value === null || isBlank(payload.value);
    const value =
      empty && this.#options.boolean('route.tombstone.on.empty.payload')
        ? NOTHING
        : this.#wraps
          ? this.#wrapped(row, payload, routed)
          : payload;
    const timestampMs = this.#timestamp(row) ?? record.timestampMs;
    return this.#router.apply({ topic: routed, key: this.#key(row), value, headers, timestampMs });
  }

  #unexpected(topic: string): void {
    const text = `an update in the outbox of ${topic}, which only takes inserts`;
    const behaviour = this.#options.string('table.op.invalid.behavior');
    if (behaviour === 'fatal') throw new TidemarkError('TRANSFORM', text);
    this.#warn(`${text}: it is ignored`);
  }

  #id(row: Struct): ConnectHeader {
    return { name: 'id', ...this.#column(row, 'table.field.event.id') };
  }

  #headers(row: Struct): ConnectHeader[] {
    return this.#placements
      .filter(({ place }) => place === 'header')
      .flatMap(({ field, alias }) => {
        const data = this.#additional(row, field);
        return data === null ? [] : [{ name: alias, ...data }];
      });
  }

  #key(row: Struct): ConnectData {
    const name = this.#options.optionalString('table.field.event.key');
    const schema = name === undefined ? undefined : fieldSchema(row.schema, name);
    if (name === undefined || schema === undefined) return NOTHING;
    return { schema, value: fieldValue(row, name) };
  }

  #payload(row: Struct): ConnectData {
    const payload = this.#column(row, 'table.field.event.payload');
    if (this.#expansion === null || typeof payload.value !== 'string') return payload;
    const expanded = expandJson(payload.value, this.#expansion);
    if (expanded !== null) return expanded;
    this.#warn('a payload of the outbox is no JSON object or array: it is passed on as text');
    return payload;
  }

  #wrapped(row: Struct, payload: ConnectData, routed: string): ConnectData {
    const inside = this.#placements
      .filter(({ place }) => place === 'envelope')
      .flatMap(({ field, alias }) => {
        const data = this.#additional(row, field);
        return data === null ? [] : [{ name: alias, ...data }];
      });
    const schema = this.#wrapper(row, payload, inside, routed);
    return { schema, value: { schema, values: [payload.value, ...inside.map((d) => d.value)] } };
  }

  #wrapper(
    row: Struct,
    payload: ConnectData,
    inside: readonly ConnectHeader[],
    routed: string,
  ): ConnectSchema {
    const versionField = this.#options.optionalString('table.field.event.schema.version');
    const version = versionField === undefined ? null : fieldValue(row, versionField);
    const text = (schema: ConnectSchema | null): ConnectSchema =>
      schema ?? { type: 'string', optional: true };
    const fields = [
      { name: PAYLOAD, schema: text(payload.schema) },
      ...inside.map(({ name, schema }) => ({ name, schema: text(schema) })),
    ];
    const made: ConnectSchema = {
      type: 'struct',
      optional: false,
      name: wrapperName(row.schema.name, routed),
      ...(typeof version === 'number' ? { version } : {}),
      fields,
    };
    const known = JSON.stringify(made, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const schema = this.#schemas.get(known) ?? made;
    this.#schemas.set(known, schema);
    return schema;
  }

  #timestamp(row: Struct): number | null {
    const name = this.#options.optionalString('table.field.event.timestamp');
    if (name === undefined) return null;
    const { schema, value } = this.#column(row, 'table.field.event.timestamp');
    const unit = MICROS[schema?.name ?? ''];
    if (unit === undefined) {
      throw new TidemarkError(
        'TRANSFORM',
        `table.field.event.timestamp: ${name} is no timestamp without time zone`,
      );
    }
    return typeof value === 'bigint' ? Number(value / unit) : null;
  }

  #text(row: Struct, property: string): string {
    const { value } = this.#column(row, property);
    if (typeof value === 'string') return value;
    const name = this.#options.string(property);
    throw new TidemarkError('TRANSFORM', `${property}: ${name} of an outbox event is no text`);
  }

  #column(row: Struct, property: string): ConnectData {
    const name = this.#options.string(property);
    const schema = fieldSchema(row.schema, name);
    if (schema !== undefined) return { schema, value: fieldValue(row, name) };
    throw missing(property, name, row);
  }

  #additional(row: Struct, field: string): ConnectData | null {
    const schema = fieldSchema(row.schema, field);
    if (schema !== undefined) return { schema, value: fieldValue(row, field) };
    if (!this.#options.boolean('table.fields.additional.error.on.missing')) return null;
    throw missing('table.fields.additional.placement', field, row);
  }
}

function missing(property: string, column: string, row: Struct): TidemarkError {
  const table = row.schema.name ?? 'the table';
  return new TidemarkError('TRANSFORM', `${property}: ${table} has no column ${column}`, {
    cure: 'Name the columns of the outbox, and capture only that table (table.include.list).',
  });
}

function isBlank(value: ConnectValue): boolean {
  return typeof value === 'string' && value.trim() === '';
}

/** `prefix.outbox.Value` and `Order` make `prefix.outbox.Order.Value`, as in the original. */
function wrapperName(row: string | undefined, routed: string): string {
  if (row === undefined) return routed;
  const dot = row.lastIndexOf('.') + 1;
  return `${row.slice(0, dot)}${routed}.${row.slice(dot)}`;
}

/** `column:header`, `column:envelope:alias`. */
function placementsOf(entries: readonly string[]): readonly Placement[] {
  return entries.map((entry) => {
    const [field = '', place = '', alias = field] = entry.split(':').map((part) => part.trim());
    return { field, place: place.toLowerCase() === 'header' ? 'header' : 'envelope', alias };
  });
}
