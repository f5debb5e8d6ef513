import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import type { HeaderKeys } from './header-keys.ts';
import { headerKeysOf } from './header-keys.ts';
import type { PlainParts } from './plain-parts.ts';
import { plainPartsOf } from './plain-parts.ts';
import { dataOf, transformedRecord } from './whole-record.ts';
import { NOTHING, structIn } from '../transform/record-transform.ts';
import { sameValue } from '../transform/same-value.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import { parseLiteral } from '../transform/value-literal.ts';
import type { RecordHeader } from '../transport/transport.ts';

/** Texts of headers that are kept: most are the same in every record. */
const HEADERS_KEPT = 1000;

/** What rows are made of beside the structs of records. */
interface MadeRows {
  readonly keys: HeaderKeys | null;
  readonly plain: PlainParts | null;
}

const NOTHING_MADE: MadeRows = { keys: null, plain: null };

/** What stands between a sink's decoder and its task; null: nothing does. */
export function sinkTransformsOf(
  sink: ConnectorConfig,
  apply: ApplyChain | null,
  takesWhole = false,
): SinkTransforms | null {
  const keys = headerKeysOf(sink);
  if (apply === null && keys === null) return null;
  const rows = { keys, plain: plainPartsOf(sink) };
  return new SinkTransforms(apply ?? ((record) => record), takesWhole, rows);
}

/**
 * Transforms between a sink's decoder and its task. Topic, partition, offset and sequence are those
 * of the log, whatever the transforms make of them: positions and retention know no others. A new
 * topic is only the name by which the table is found (`destination`).
 */
export class SinkTransforms {
  readonly #apply: ApplyChain;
  readonly #takesWhole: boolean;
  readonly #keys: HeaderKeys | null;
  readonly #plain: PlainParts | null;
  readonly #headers = new Map<string, ConnectData>();

  /** `takesWhole`: the task takes whatever comes out. */
  constructor(apply: ApplyChain, takesWhole = false, { keys, plain }: MadeRows = NOTHING_MADE) {
    this.#apply = apply;
    this.#takesWhole = takesWhole;
    this.#keys = keys;
    this.#plain = plain;
  }

  /** Null: the record was dropped. Throws TRANSFORM where nothing that a table takes came out. */
  transform(record: SinkRecord, headers: readonly RecordHeader[]): SinkRecord | null {
    const before = this.#connectRecord(record, headers);
    const after = this.#apply(before);
    if (after === null) return null;
    if (this.#takesWhole) return transformedRecord(record, headers, before, after);
    const { movedTo: _movedTo, whole: _whole, ...rest } = record;
    const value = this.#value(after.value, record);
    const made = {
      ...rest,
      value,
      absent: absentIn(record, value),
      ...(after.topic === record.topic ? {} : { destination: after.topic }),
    };
    if (this.#keys !== null) {
      // Where the row moves to is told in terms of the key in the log, which is another.
      const of = { log: headers, read: before.headers, left: after.headers };
      return { ...made, key: this.#keys.keyOf({ ...made, key: null }, of) };
    }
    const movedTo = this.#movedTo(record, before);
    return {
      ...made,
      key: this.#key(after.key, record),
      ...(movedTo === null ? {} : { movedTo }),
    };
  }

  /** The row moves to the key that the transforms make of the new one. */
  #movedTo(record: SinkRecord, before: ConnectRecord): Struct | null {
    if (record.movedTo === undefined) return null;
    const moved = this.#apply({ ...before, key: dataOf(record.movedTo) });
    return moved === null ? null : this.#key(moved.key, record);
  }

  #key(key: ConnectData, record: SinkRecord): Struct | null {
    const isPlain = key.value !== null && !isStruct(key.value);
    if (isPlain && this.#plain?.takesKeys === true) return this.#plain.keyOf(key);
    return structOf(key, 'key', record);
  }

  #value(value: ConnectData, record: SinkRecord): Struct | null {
    const isText = typeof value.value === 'string';
    if (isText && this.#plain?.takesTexts === true) return this.#plain.valueOf(value, record.topic);
    return structOf(value, 'value', record);
  }

  #connectRecord(record: SinkRecord, headers: readonly RecordHeader[]): ConnectRecord {
    const { topic, partition, offset, timestampMs } = record;
    return {
      topic,
      key: record.whole?.key ?? dataOf(record.key),
      value: record.whole?.value ?? dataOf(record.value),
      headers: headers.map((header) => this.#header(header)),
      timestampMs,
      partition,
      offset,
    };
  }

  /** As Connect's SimpleHeaderConverter reads them: the form of the text tells the type. */
  #header({ name, value }: RecordHeader): ConnectHeader {
    if (value === null) return { name, ...NOTHING };
    const text = value.toString('utf8');
    let data = this.#headers.get(text);
    if (data === undefined) {
      if (this.#headers.size >= HEADERS_KEPT) this.#headers.clear();
      data = parseLiteral(text);
      this.#headers.set(text, data);
    }
    return { name, ...data };
  }
}

function structOf(
  { value }: ConnectData,
  side: 'key' | 'value',
  { topic }: SinkRecord,
): Struct | null {
  if (value === null) return null;
  if (isStruct(value)) return value;
  throw new TidemarkError(
    'TRANSFORM',
    `the transforms left a ${side} of ${topic} that is no struct`,
    {
      cure: `A table takes structs: wrap it with HoistField$${side === 'key' ? 'Key' : 'Value'}.`,
    },
  );
}

/** The row of an envelope, or the flat row that took its place. */
function rowOf(value: Struct): Struct {
  return structIn(value, 'after') ?? value;
}

/**
 * Which fields hold a stand-in now: those that keep their names, and those under a new name whose
 * value is the stand-in that went in.
 */
function absentIn({ value: before, absent }: SinkRecord, after: Struct | null): readonly string[] {
  if (absent.length === 0 || before === null || after === null) return absent;
  const old = rowOf(before);
  const oldNames = (old.schema.fields ?? []).map(({ name }) => name);
  const standIns = old.values.filter((_, i) => absent.includes(oldNames[i] ?? ''));
  const row = rowOf(after);
  return (row.schema.fields ?? [])
    .filter(({ name }, i) => {
      if (absent.includes(name)) return true;
      const value = row.values[i] ?? null;
      return !oldNames.includes(name) && standIns.some((standIn) => sameValue(standIn, value));
    })
    .map(({ name }) => name);
}
