import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { NameAdjustment } from '../../model/name-adjustment.ts';
import { adjustFieldName } from '../../model/name-adjustment.ts';
import { RegexRouter } from '../connect/regex-router.ts';
import { UNITS_PER_MS } from '../logical-time.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldSchema, fieldValue, structIn, NOTHING } from '../record-transform.ts';
import { fieldIndex, valueAt } from '../schema-shape.ts';
import type { JsonExpansion } from './expand-json.ts';
import { expandJson } from './expand-json.ts';
import type { Placement } from './outbox-placement.ts';
import { placementsOf } from './outbox-placement.ts';
import { SameSchemas } from './same-schemas.ts';

const PAYLOAD = 'payload';
const TEXT: ConnectSchema = { type: 'string', optional: false };

/**
 * Debezium's outbox EventRouter: each row inserted into the outbox becomes an event in the topic
 * that a column names, with the payload column as its value. Deletes are ignored.
 */
export class EventRouter implements RecordTransform {
  readonly #options: ResolvedOptions;
  readonly #warn: (text: string) => void;
  readonly #placements: readonly Placement[];
  readonly #wraps: boolean;
  readonly #ignoresMissing: boolean;
  readonly #expansion: JsonExpansion | null;
  readonly #router: RegexRouter;
  readonly #payloads = new SameSchemas();
  /** By the row's schema, then by the payload's, or by the version. */
  readonly #wrappers = new WeakMap<ConnectSchema, Map<ConnectSchema | number, ConnectSchema>>();

  constructor(options: ResolvedOptions, warn: (text: string) => void) {
    this.#options = options;
    this.#warn = warn;
    this.#placements = placementsOf(options.list('table.fields.additional.placement'));
    this.#wraps = this.#placements.some(({ place }) => place === 'envelope');
    const older = 'table.fields.additional.error.on.missing';
    const missing = options.optionalString('table.field.additional.missing');
    this.#ignoresMissing =
      missing === undefined ? options.has(older) && !options.boolean(older) : missing === 'ignore';
    this.#expansion = expansionOf(options);
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
    if (op === 'd') return null;
    const row = structIn(envelope, 'after');
    if (op === 'u') this.#unexpected(record.topic);
    // A truncate has no row: the original stops here, but nothing is lost without it.
    if (op === 'u' || row === null) return null;
    const headers = [...record.headers, this.#id(row), ...this.#placed(row, 'header')];
    const payload = this.#payload(row);
    const topic = this.#text(row, 'route.by.field');
    const isEmpty = payload.value === null || isBlank(payload.value);
    const value =
      isEmpty && this.#options.boolean('route.tombstone.on.empty.payload')
        ? NOTHING
        : this.#wraps
          ? this.#wrapped(row, payload, topic)
          : payload;
    const timestampMs = this.#timestamp(row) ?? millisOf(envelope);
    const { partition: _partition, ...base } = record;
    const chosen = this.#placed(row, 'partition').at(-1)?.value ?? null;
    const routed = { ...base, topic, key: this.#key(row), value, headers, timestampMs };
    return this.#router.apply(
      typeof chosen === 'number' ? { ...routed, partition: chosen } : routed,
    );
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

  /** The further columns that go to one place, under their aliases. */
  #placed(row: Struct, place: Placement['place']): readonly ConnectHeader[] {
    return this.#placements
      .filter((placement) => placement.place === place)
      .flatMap(({ field, alias }): ConnectHeader[] => {
        const schema = fieldSchema(row.schema, field);
        if (schema !== undefined) return [{ name: alias, schema, value: withDefault(row, field) }];
        if (this.#ignoresMissing) return [];
        throw missingColumn('table.fields.additional.placement', field, row);
      });
  }

  #key(row: Struct): ConnectData {
    const name = this.#options.optionalString('table.field.event.key');
    return name === undefined
      ? { schema: TEXT, value: null }
      : this.#column(row, 'table.field.event.key');
  }

  #payload(row: Struct): ConnectData {
    const payload = this.#column(row, 'table.field.event.payload');
    if (this.#expansion === null) return payload;
    const { value } = payload;
    const expanded = typeof value === 'string' ? expandJson(value, this.#expansion) : null;
    if (expanded !== null && expanded.schema !== null) {
      const schema = this.#payloads.same(expanded.schema);
      return { schema, value: { ...(expanded.value as Struct), schema } };
    }
    this.#warn('a payload of the outbox is no JSON object: it is passed on as it is');
    return payload;
  }

  #wrapped(row: Struct, payload: ConnectData, topic: string): ConnectData {
    const inside = this.#placed(row, 'envelope');
    const schema = this.#wrapper(row, payload, inside, topic);
    return { schema, value: { schema, values: [payload.value, ...inside.map((d) => d.value)] } };
  }

  /** As in the original, the name is that of the first topic with such a payload, or version. */
  #wrapper(
    row: Struct,
    payload: ConnectData,
    inside: readonly ConnectHeader[],
    topic: string,
  ): ConnectSchema {
    const version = this.#version(row);
    const payloadSchema = payload.schema ?? TEXT;
    const variants = this.#wrappers.get(row.schema) ?? new Map<never, never>();
    this.#wrappers.set(row.schema, variants);
    const key = version ?? payloadSchema;
    const known = variants.get(key);
    if (known !== undefined) return known;
    const made: ConnectSchema = {
      type: 'struct',
      optional: false,
      name: wrapperName(row.schema.name, topic),
      ...(version === null ? {} : { version }),
      fields: [
        { name: PAYLOAD, schema: payloadSchema },
        ...inside.map(({ name, schema }) => ({ name, schema: schema ?? TEXT })),
      ],
    };
    variants.set(key, made);
    return made;
  }

  #version(row: Struct): number | null {
    if (!this.#options.has('table.field.event.schema.version')) return null;
    const { value } = this.#column(row, 'table.field.event.schema.version');
    return typeof value === 'number' ? value : null;
  }

  #timestamp(row: Struct): number | null {
    const name = this.#options.optionalString('table.field.event.timestamp');
    if (name === undefined) return null;
    const { schema, value } = this.#column(row, 'table.field.event.timestamp');
    const isKnown = /^io\.debezium\.time\.(Micro|Nano)?Timestamp$/.test(schema?.name ?? '');
    const units = UNITS_PER_MS[schema?.name ?? ''];
    if (!isKnown || units === undefined) {
      throw new TidemarkError(
        'TRANSFORM',
        `table.field.event.timestamp: ${name} is no timestamp without time zone`,
      );
    }
    return typeof value === 'bigint' ? Number(value / units) : null;
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
    if (schema !== undefined) return { schema, value: withDefault(row, name) };
    throw missingColumn(property, name, row);
  }
}

function expansionOf(options: ResolvedOptions): JsonExpansion | null {
  if (!options.boolean('table.expand.json.payload')) return null;
  const mode = options.string('field.name.adjustment.mode') as NameAdjustment;
  return {
    nullFields: options.string('table.json.payload.null.behavior') as 'ignore',
    emptyArrays: options.string('table.json.payload.empty.array.behavior') as 'ignore',
    name: options.string('table.field.event.payload'),
    adjust: (name) => adjustFieldName(name, mode),
  };
}

function missingColumn(property: string, column: string, row: Struct): TidemarkError {
  const table = row.schema.name ?? 'the table';
  return new TidemarkError('TRANSFORM', `${property}: ${table} has no column ${column}`, {
    cure: 'Name the columns of the outbox, and capture only that table (table.include.list).',
  });
}

/** As the original reads columns: a null in one with a default is the default. */
function withDefault(row: Struct, name: string): ConnectValue {
  return valueAt(row, fieldIndex(row.schema, name), true);
}

function isBlank(value: ConnectValue): boolean {
  return typeof value === 'string' && value.trim() === '';
}

/** When the event was processed (`ts_ms` of the envelope). */
function millisOf(envelope: Struct): number | null {
  const millis = fieldValue(envelope, 'ts_ms');
  return typeof millis === 'bigint' ? Number(millis) : null;
}

/** `prefix.outbox.Value` and `Order` make `prefix.outbox.Order.Value`, as in the original. */
function wrapperName(row: string | undefined, routed: string): string {
  if (row === undefined) return routed;
  const dot = row.lastIndexOf('.') + 1;
  return `${row.slice(0, dot)}${routed}.${row.slice(dot)}`;
}
