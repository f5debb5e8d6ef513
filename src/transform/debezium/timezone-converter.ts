import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { TimeZone } from '../../foundation/time-zone.ts';
import { timeZone } from '../../foundation/time-zone.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';
import { CONNECT_TIMESTAMP, UNITS_PER_MS, ZONED_TIME, ZONED_TIMESTAMP } from '../logical-time.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldValue, structIn } from '../record-transform.ts';
import { zonedText } from './zoned-text.ts';

/** Which fields of an image are converted. */
type Chosen = (field: string) => boolean;

interface Rules {
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>;
  readonly tables: ReadonlyMap<string, ReadonlySet<string>>;
  readonly either: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What of a record is converted; null: nothing. */
interface Choice {
  readonly fields: ReadonlySet<string>;
  readonly kind: 'all' | 'include' | 'exclude';
}

/** Debezium's TimezoneConverter: times of an event told in another zone. */
export class TimezoneConverter implements RecordTransform {
  readonly #zone: TimeZone;
  readonly #rules: Rules;
  readonly #mode: 'all' | 'include' | 'exclude';

  constructor(options: ResolvedOptions) {
    const name = options.string('converted.timezone');
    const zone = timeZone(name);
    if (zone === null) {
      throw invalid(`converted.timezone: there is no zone ${JSON.stringify(name)}`);
    }
    this.#zone = zone;
    const include = options.list('include.list');
    const exclude = options.list('exclude.list');
    if (include.length > 0 && exclude.length > 0) {
      throw invalid('include.list and exclude.list exclude each other');
    }
    this.#rules = rulesOf(include.length > 0 ? include : exclude);
    this.#mode = include.length > 0 ? 'include' : exclude.length > 0 ? 'exclude' : 'all';
  }

  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const choice = this.#choice(record.topic, envelope);
    if (choice === null) return record;
    const values = (envelope.schema.fields ?? []).map(({ name }, i) => {
      const value = envelope.values[i] ?? null;
      const chosen = chosenIn(name, choice);
      return chosen === null || value === null || !isStruct(value)
        ? value
        : this.#converted(value, chosen);
    });
    const value = { schema: envelope.schema, values };
    return { ...record, value: { schema: envelope.schema, value } };
  }

  #choice(topic: string, envelope: Struct): Choice | null {
    const source = structIn(envelope, 'source');
    const table = source === null ? null : fieldValue(source, 'table');
    const { topics, tables, either } = this.#rules;
    const fields =
      topics.get(topic) ??
      tables.get(table as string) ??
      either.get(topic) ??
      either.get(table as string);
    if (this.#mode === 'include') {
      return fields === undefined ? null : { fields, kind: fields.size > 0 ? 'include' : 'all' };
    }
    if (fields === undefined) return { fields: new Set(), kind: 'all' };
    return fields.size > 0 ? { fields, kind: 'exclude' } : null;
  }

  #converted(struct: Struct, chosen: Chosen): Struct {
    const values = (struct.schema.fields ?? []).map(({ name, schema }, i) => {
      const value = struct.values[i] ?? null;
      return value === null || !chosen(name) ? value : this.#shifted(schema, value);
    });
    return { schema: struct.schema, values };
  }

  /** Times without zone are taken for local ones of the zone; types that are no instants stay. */
  #shifted(schema: ConnectSchema, value: ConnectValue): ConnectValue {
    switch (schema.name) {
      case ZONED_TIMESTAMP:
        return zonedText(value as string, (localMs) => this.#zone.offsetOfLocal(localMs));
      case ZONED_TIME:
        return zonedText(value as string, () => this.#zone.offsetAt(Date.now()));
      case CONNECT_TIMESTAMP:
      case 'io.debezium.time.Timestamp':
      case 'io.debezium.time.MicroTimestamp':
      case 'io.debezium.time.NanoTimestamp': {
        const units = UNITS_PER_MS[schema.name] ?? 1n;
        const time = value as bigint;
        const offset = this.#zone.offsetOfLocal(Number(time / units));
        return time - BigInt(offset) * 1000n * units;
      }
      default:
        return value;
    }
  }
}

/** Null: nothing of this part of the envelope is converted. */
function chosenIn(part: string, { fields, kind }: Choice): Chosen | null {
  if (part !== 'before' && part !== 'after' && part !== 'source') return null;
  const named = new Set<string>();
  for (const field of fields) {
    const prefix = /^(?:before|after|source)\./.exec(field)?.[0];
    if (prefix === `${part}.`) named.add(field.slice(prefix.length));
    else if (prefix === undefined && part !== 'source') named.add(field);
  }
  if (part === 'source' && named.size === 0) return null;
  if (kind === 'all') return () => true;
  return kind === 'include' ? (field) => named.has(field) : (field) => !named.has(field);
}

/** `source:table:field`, `topic:name:field`, `name:field`; a prefix holds for those behind it. */
function rulesOf(entries: readonly string[]): Rules {
  const rules = {
    topics: new Map<string, Set<string>>(),
    tables: new Map<string, Set<string>>(),
    either: new Map<string, Set<string>>(),
  };
  let prefix: string | null = null;
  for (const entry of entries) {
    if (!/^(?:[".\w\s]+:){0,2}[".\w\s]+$/.test(entry) || !entry.includes(':')) {
      const forms = 'source:<table>:<field>, topic:<topic>:<field>, <name>:<field>';
      throw invalid(`${JSON.stringify(entry)} is none of ${forms}`);
    }
    const parts = entry.split(':');
    const isPrefixed = /^(?:source|topic)$/i.test(parts[0] ?? '');
    if (isPrefixed) prefix = (parts.shift() ?? '').toLowerCase();
    const [name = '', field] = parts;
    const map =
      prefix === 'topic' ? rules.topics : prefix === 'source' ? rules.tables : rules.either;
    const fields = map.get(name) ?? new Set();
    map.set(name, fields);
    if (field !== undefined) fields.add(field);
  }
  return rules;
}

function invalid(text: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', text, {
    cure: 'Zones are like Europe/Berlin or +08:00; lists choose tables, topics and fields.',
  });
}
