import { headerBytes } from '../converter/simple-header.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { SinkRecord, WholeRecord } from '../model/sink-record.ts';
import { NOTHING } from '../transform/record-transform.ts';
import type { RecordHeader } from '../transport/transport.ts';

/** A struct with its schema; nothing where there is none. */
export function dataOf(struct: Struct | null): ConnectData {
  return struct === null ? NOTHING : { schema: struct.schema, value: struct };
}

/** The record with all that the log has of it. */
export function wholeRecord(record: SinkRecord, headers: readonly RecordHeader[]): SinkRecord {
  const whole = {
    key: record.whole?.key ?? dataOf(record.key),
    value: record.whole?.value ?? dataOf(record.value),
    headers: headers.map(headerText),
  };
  return { ...record, whole };
}

/** What the transforms made of a record. Headers that they left alone stay as they were. */
export function transformedRecord(
  { movedTo: _movedTo, ...record }: SinkRecord,
  headers: readonly RecordHeader[],
  before: ConnectRecord,
  { topic, key, value, headers: changed }: ConnectRecord,
): SinkRecord {
  const whole: WholeRecord = {
    key,
    value,
    headers: changed.map((header) => {
      const known = headers[before.headers.indexOf(header)];
      return headerText(known ?? { name: header.name, value: headerBytes(header) });
    }),
  };
  return {
    ...record,
    key: structOf(key),
    value: structOf(value),
    ...(topic === record.topic ? {} : { destination: topic }),
    whole,
  };
}

function structOf({ value }: ConnectData): Struct | null {
  return value !== null && isStruct(value) ? value : null;
}

/** Converters of headers write text. */
function headerText({ name, value }: RecordHeader): WholeRecord['headers'][number] {
  return { name, text: value === null ? null : value.toString('utf8') };
}
