import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { PreparedSchema } from '../converter/converter.ts';
import { floorDiv } from '../envelope/source-block.ts';
import { must } from '../foundation/assert.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';

/** What stands around the images and the source block of an envelope. */
export interface EnvelopeFrame {
  /** Up to and including what announces a before image. */
  readonly before: Buffer;
  /** The same with a null before, up to what announces an after image. */
  readonly nullBeforeThenAfter: Buffer;
  /** Between a before image and an after image. */
  readonly after: Buffer;
  /** Between a before image and the source block: after is null. */
  readonly nullAfter: Buffer;
  /** Between an after image and the source block. */
  readonly source: Buffer;
  /** Neither image, up to the source block. */
  readonly empty: Buffer;
  /** After the source block: transaction, op and the times of processing. */
  tail(op: string, processedMicros: bigint): Buffer;
}

function timesOf(processedMicros: bigint): readonly bigint[] {
  return [floorDiv(processedMicros, 1000n), processedMicros, processedMicros * 1000n];
}

export function jsonFrame(value: PreparedSchema, options: JsonTextOptions): EnvelopeFrame {
  const schemaOf = fieldSchemas(value.schema);
  const prefix = value.prefix.toString();
  const suffix = value.suffix.toString();
  const source = ',"source":';
  const nothing = valueJson(schemaOf('transaction'), null, options);
  return {
    before: Buffer.from(`${prefix}{"before":`),
    nullBeforeThenAfter: Buffer.from(`${prefix}{"before":null,"after":`),
    after: Buffer.from(',"after":'),
    nullAfter: Buffer.from(`,"after":null${source}`),
    source: Buffer.from(source),
    empty: Buffer.from(`${prefix}{"before":null,"after":null${source}`),
    tail(op, processedMicros) {
      const [ms, us, ns] = timesOf(processedMicros);
      const times = `"ts_ms":${ms},"ts_us":${us},"ts_ns":${ns}`;
      return Buffer.from(`,"transaction":${nothing},"op":${jsonString(op)},${times}}${suffix}`);
    },
  };
}

/** Branches of the optional structs: 0 null, 2 present (both without default). */
export function avroFrame(value: PreparedSchema): EnvelopeFrame {
  const schemaOf = fieldSchemas(value.schema);
  const { prefix } = value;
  const names = ['transaction', 'op', 'ts_ms', 'ts_us', 'ts_ns'] as const;
  const encoders = names.map((name) => compileAvroEncoder(schemaOf(name)));
  const joined = (...branches: number[]): Buffer => Buffer.concat([prefix, Buffer.from(branches)]);
  return {
    before: joined(2),
    nullBeforeThenAfter: joined(0, 2),
    after: Buffer.from([2]),
    nullAfter: Buffer.from([0]),
    source: Buffer.alloc(0),
    empty: joined(0, 0),
    tail(op, processedMicros) {
      const writer = new ByteWriter(64);
      const values: readonly ConnectValue[] = [null, op, ...timesOf(processedMicros)];
      encoders.forEach((encode, i) => {
        encode(writer, values[i] ?? null);
      });
      return Buffer.concat([writer.written(), value.suffix]);
    },
  };
}

function fieldSchemas(envelope: ConnectSchema): (name: string) => ConnectSchema {
  return (name) => {
    const field = envelope.fields?.find((candidate) => candidate.name === name);
    return must(field, `the envelope has ${name}`).schema;
  };
}
