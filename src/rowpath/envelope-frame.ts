import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { PreparedSchema } from '../converter/converter.ts';
import { must } from '../foundation/assert.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { prepareBytes, prepareConstant } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';

/** What stands around the images and the source block of an envelope. */
export interface EnvelopeFrame {
  /** Up to and including what announces a before image. */
  readonly before: PreparedBytes;
  /** The same with a null before, up to what announces an after image. */
  readonly nullBeforeThenAfter: PreparedBytes;
  /** Between a before image and an after image. */
  readonly after: PreparedBytes;
  /** Between a before image and the source block: after is null. */
  readonly nullAfter: PreparedBytes;
  /** Between an after image and the source block. */
  readonly source: PreparedBytes;
  /** Neither image, up to the source block. */
  readonly empty: PreparedBytes;
  /** After the source block: transaction (null when absent), op and the times of processing. */
  tail(op: string, processedMicros: bigint, transaction?: Struct): PreparedBytes;
}

function timesOf(processedMicros: bigint): readonly bigint[] {
  return [floorDiv(processedMicros, 1000n), processedMicros, processedMicros * 1000n];
}

/** The frame in JSON; with schemas, prefix and suffix of the value stand around it. */
export function jsonFrame(value: PreparedSchema, options: JsonTextOptions): EnvelopeFrame {
  const schemaOf = fieldSchemas(value.schema);
  const prefix = value.prefix.toString();
  const suffix = value.suffix.toString();
  const source = ',"source":';
  const constant = (text: string): PreparedBytes => prepareConstant(Buffer.from(text));
  return {
    before: constant(`${prefix}{"before":`),
    nullBeforeThenAfter: constant(`${prefix}{"before":null,"after":`),
    after: constant(',"after":'),
    nullAfter: constant(`,"after":null${source}`),
    source: constant(source),
    empty: constant(`${prefix}{"before":null,"after":null${source}`),
    tail(op, processedMicros, transaction) {
      const make = (): PreparedBytes => {
        const [ms, us, ns] = timesOf(processedMicros);
        const times = `"ts_ms":${ms},"ts_us":${us},"ts_ns":${ns}`;
        const block = valueJson(schemaOf('transaction'), transaction ?? null, options);
        return prepareBytes(`,"transaction":${block},"op":${jsonString(op)},${times}}${suffix}`);
      };
      return transaction === undefined
        ? lastJsonTails.get(processedMicros, `${op}${suffix}`, make)
        : make();
    },
  };
}

/** The tails of one processing time: the tables of a batch share them. */
class LastTails {
  #micros = -1n;
  readonly #tails = new Map<string, PreparedBytes>();

  get(micros: bigint, key: string, make: () => PreparedBytes): PreparedBytes {
    if (micros !== this.#micros) {
      this.#micros = micros;
      this.#tails.clear();
    }
    let tail = this.#tails.get(key);
    if (tail === undefined) {
      tail = make();
      this.#tails.set(key, tail);
    }
    return tail;
  }
}

const lastJsonTails = new LastTails();

/** The frame in Avro. The optional structs have no default: branch 0 is null, 2 the struct. */
export function avroFrame(value: PreparedSchema): EnvelopeFrame {
  const schemaOf = fieldSchemas(value.schema);
  const { prefix } = value;
  const names = ['transaction', 'op', 'ts_ms', 'ts_us', 'ts_ns'] as const;
  const encoders = names.map((name) => compileAvroEncoder(schemaOf(name)));
  const joined = (...branches: number[]): PreparedBytes =>
    prepareBytes(Buffer.concat([prefix, Buffer.from(branches)]));
  return {
    before: joined(2),
    nullBeforeThenAfter: joined(0, 2),
    after: prepareBytes(Buffer.from([2])),
    nullAfter: prepareBytes(Buffer.from([0])),
    source: prepareBytes(''),
    empty: joined(0, 0),
    tail(op, processedMicros, transaction) {
      const writer = new ByteWriter(64);
      const values: readonly ConnectValue[] = [
        transaction ?? null,
        op,
        ...timesOf(processedMicros),
      ];
      encoders.forEach((encode, i) => {
        encode(writer, values[i] ?? null);
      });
      return prepareBytes(Buffer.concat([writer.written(), value.suffix]));
    },
  };
}

function fieldSchemas(envelope: ConnectSchema): (name: string) => ConnectSchema {
  return (name) => {
    const field = envelope.fields?.find((candidate) => candidate.name === name);
    return must(field, `the envelope has ${name}`).schema;
  };
}
