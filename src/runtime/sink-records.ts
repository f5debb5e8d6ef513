import type { Converter } from '../converter/converter.ts';
import { ABSENT_HEADER } from '../envelope/record-plan.ts';
import { UNCONVERTED_HEADER } from '../envelope/unconverted.ts';
import { nextTurn } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import { isPosition, POSITION_HEADER, POSITION_LENGTH } from '../model/change-position.ts';
import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { isStruct, valueAt } from '../model/connect-schema.ts';
import type { ErrorStage } from '../model/record-failure.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { keyMovedFrom, keyMovedTo } from './moved-rows.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import type { PlainParts } from './plain-parts.ts';
import { dataOf, wholeRecord } from './whole-record.ts';
import { NOTHING } from '../transform/record-transform.ts';
import { copyOf } from '../transport/log-record.ts';
import type { FetchedRecords, LogRecord } from '../transport/transport.ts';

const NOTHING_ABSENT: readonly string[] = [];

/** The converters of the source's own pipeline, which wrote what a sink reads. */
export interface SinkConverters {
  readonly key: Converter;
  readonly value: Converter;
}

/** What a task can make use of. */
export interface KeptOfRecords {
  /** A record that cannot be read or transformed comes with its `failure`; else it is thrown. */
  readonly failures: boolean;
  /** `raw` and `movedFrom`. */
  readonly bytes: boolean;
  /** `position`; absent: it can. */
  readonly position?: boolean;
  /** Rows may be made with what is no struct; absent: it cannot be read. */
  readonly plain?: PlainParts | null;
}

/**
 * Records that are decoded at one go, half a millisecond: answers of the target, for which the put
 * before waits, are not to stand behind all of a poll.
 */
const SLICE_RECORDS = 100;

const NOTHING_KEPT: KeptOfRecords = { failures: false, bytes: false };

/**
 * Decodes fetched log records and, where the sink has transforms, transforms them; waits only where
 * a schema id is not cached.
 */
export async function decodeSinkRecords(
  fetched: readonly FetchedRecords[],
  converters: SinkConverters,
  transforms: SinkTransforms | null = null,
  takesWhole = false,
  kept: KeptOfRecords = NOTHING_KEPT,
): Promise<SinkRecord[]> {
  const decoded: SinkRecord[] = [];
  const isWide = takesWhole || transforms !== null;
  const plain = kept.plain ?? null;
  const decodeKey = isWide || plain?.takesKeys === true ? anyOf : structsOf;
  const decodeValue = isWide || plain?.takesTexts === true ? anyOf : structsOf;
  let inSlice = 0;
  for (const batch of fetched) {
    for (const logged of batch.records) {
      if (++inSlice > SLICE_RECORDS) {
        await nextTurn();
        inSlice = 1;
      }
      // Its parts are asked for several times.
      const record = copyOf(logged);
      let stage: ErrorStage = 'KEY_CONVERTER';
      let key: Struct | null = null;
      try {
        const decodedKey = decodeKey(converters.key, batch.topic, record.key);
        const keyData = decodedKey instanceof Promise ? await decodedKey : decodedKey;
        key = structOf(keyData) ?? plain?.keyOf(plainData(keyData) ?? NOTHING) ?? null;
        stage = 'VALUE_CONVERTER';
        const decodedValue = decodeValue(converters.value, batch.topic, record.value);
        const valueData = decodedValue instanceof Promise ? await decodedValue : decodedValue;
        let row = structOf(valueData);
        if (row === null && !isWide && plain !== null) {
          row = plain.valueOf(plainData(valueData) ?? NOTHING, batch.topic);
        }
        const data = { key, value: row };
        const parts = isWide ? plainParts(keyData, valueData) : NO_PARTS;
        const sinkRecord = sinkRecordOf(batch, record, data, kept, parts);
        stage = 'TRANSFORMATION';
        if (transforms !== null) {
          const own = kept.bytes && key !== null ? { ...sinkRecord, logKey: key } : sinkRecord;
          const transformed = transforms.transform(own, record.headers);
          if (transformed !== null) decoded.push(transformed);
        } else if (takesWhole) decoded.push(wholeRecord(sinkRecord, record.headers));
        else decoded.push(sinkRecord);
      } catch (thrown) {
        const error = toTidemarkError(thrown, 'RECORD_FORMAT');
        // What may pass is for the whole sink to wait for.
        if (!kept.failures || error.retry !== 'stop') throw thrown;
        const failed = sinkRecordOf(batch, record, { key, value: null }, kept);
        decoded.push({ ...failed, failure: { stage, error } });
      }
    }
  }
  return decoded;
}

function sinkRecordOf(
  batch: FetchedRecords,
  record: LogRecord,
  { key, value }: { readonly key: Struct | null; readonly value: Struct | null },
  kept: KeptOfRecords,
  parts: Pick<SinkRecord, 'whole'> = NO_PARTS,
): SinkRecord {
  const movedTo = key === null ? null : keyMovedTo(record, key.schema);
  const movedFrom = key === null || !kept.bytes ? null : keyMovedFrom(record, key.schema);
  const position = kept.position === false ? null : positionOf(record);
  const made: { -readonly [K in keyof SinkRecord]: SinkRecord[K] } = {
    topic: batch.topic,
    partition: batch.partition,
    generation: batch.generation,
    offset: record.offset,
    sequence: record.sequence,
    timestampMs: record.timestampMs,
    key,
    value: withoutPlaceholders(value, record),
    absent: absentColumns(record),
  };
  // To spread an object for each of them costs as much as all the rest, and few records have any.
  if (movedTo !== null) made.movedTo = movedTo;
  if (position !== null) made.position = position;
  if (kept.bytes) made.raw = record;
  if (movedFrom !== null) made.movedFrom = movedFrom;
  if (parts.whole !== undefined) made.whole = parts.whole;
  return made;
}

type Decoded = ConnectData | Struct | null;

/** Of a table's records: no object is made around each. */
function structsOf(converter: Converter, topic: string, bytes: Buffer | null) {
  return converter.toConnect(topic, bytes);
}

/** What is no struct, too: lines of a file, which transforms may make one of. */
function anyOf(
  converter: Converter,
  topic: string,
  bytes: Buffer | null,
): Promise<Decoded> | Decoded {
  return converter.toData?.(topic, bytes) ?? converter.toConnect(topic, bytes);
}

function structOf(decoded: Decoded): Struct | null {
  const value = decoded !== null && 'value' in decoded ? decoded.value : decoded;
  return value !== null && isStruct(value) ? value : null;
}

/** Keys and values that are no structs stand beside the record. */
function plainParts(key: Decoded, value: Decoded): Pick<SinkRecord, 'whole'> {
  const plainKey = plainData(key);
  const plainValue = plainData(value);
  if (plainKey === null && plainValue === null) return NO_PARTS;
  return {
    whole: {
      key: plainKey ?? dataOf(structOf(key)),
      value: plainValue ?? dataOf(structOf(value)),
      headers: [],
    },
  };
}

const NO_PARTS: Pick<SinkRecord, 'whole'> = {};

function plainData(decoded: Decoded): ConnectData | null {
  if (decoded === null || !('value' in decoded) || decoded.value === null) return null;
  return isStruct(decoded.value) ? null : decoded;
}

function absentColumns(record: LogRecord): readonly string[] {
  if (record.headers.length === 0) return NOTHING_ABSENT;
  const header = record.headers.find((candidate) => candidate.name === ABSENT_HEADER);
  if (header === undefined || header.value === null) return NOTHING_ABSENT;
  return JSON.parse(header.value.toString()) as string[];
}

/** A header of that name which is no position is somebody else's. */
function positionOf({ headers }: LogRecord): string | null {
  for (const { name, value } of headers) {
    if (name !== POSITION_HEADER || value?.length !== POSITION_LENGTH) continue;
    const text = value.toString('latin1');
    return isPosition(text) ? text : null;
  }
  return null;
}

/**
 * Null where the source had a value that no schema could hold: its placeholder is no value, and
 * whoever let it pass (event.converting.failure.handling.mode) takes null for it.
 */
function withoutPlaceholders(value: Struct | null, { headers }: LogRecord): Struct | null {
  if (value === null || headers.length === 0) return value;
  const header = headers.find((candidate) => candidate.name === UNCONVERTED_HEADER);
  if (header === undefined || header.value === null) return value;
  const paths = new Set(JSON.parse(header.value.toString()) as string[]);
  const values = (value.schema.fields ?? []).map(({ name }, i): ConnectValue => {
    const image = value.values[i] ?? null;
    if (image === null || !isStruct(image)) return image;
    const fields = image.schema.fields ?? [];
    const kept = image.values.map((item, n) =>
      paths.has(`${name}.${fields[n]?.name}`) ? null : item,
    );
    return { schema: image.schema, values: kept };
  });
  return { schema: value.schema, values };
}

/**
 * When the source committed a change (`source.ts_ms`), ms since 1970. Null for what is no envelope,
 * and for a snapshot row: it was not changed when it was read, so it has no latency.
 */
export function changeTimeMs(value: Struct | null): number | null {
  if (value === null || fieldOf(value, 'op') === 'r') return null;
  const source = fieldOf(value, 'source');
  if (source === undefined || !isStruct(source)) return null;
  const time = fieldOf(source, 'ts_ms');
  return typeof time === 'bigint' ? Number(time) : null;
}

function fieldOf(struct: Struct, name: string): Struct['values'][number] | undefined {
  const { schema } = struct;
  let places = placesOf.get(schema);
  if (places === undefined) {
    places = new Map(schema.fields?.map((field, place) => [field.name, place]));
    placesOf.set(schema, places);
  }
  const place = places.get(name);
  return place === undefined ? undefined : valueAt(struct, place);
}

/** Every record asks for the same fields, and records of a topic have few schemas. */
const placesOf = new WeakMap<ConnectSchema, ReadonlyMap<string, number>>();
