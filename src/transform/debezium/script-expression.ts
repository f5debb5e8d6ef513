import { compileFunction } from 'node:vm';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import { DECIMAL, formatDecimal, isDecimal, isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { perSchema } from '../schema-shape.ts';

const VARIABLES = [
  'value',
  'key',
  'valueSchema',
  'keySchema',
  'topic',
  'headers',
  'header',
] as const;

type Expression = (...values: readonly unknown[]) => unknown;

/**
 * An expression of a pipeline file, compiled once. The file is trusted like the program: this is no
 * sandbox. Throws CONFIG_INVALID for what is no JavaScript.
 */
export class ScriptExpression {
  readonly #property: string;
  readonly #run: Expression;

  constructor(property: string, text: string) {
    this.#property = property;
    this.#run = compile(property, text);
  }

  /** Throws TRANSFORM for what the expression throws, without values of the record. */
  evaluate(record: ConnectRecord): unknown {
    const headers = headerView(record.headers);
    try {
      return this.#run(
        view(record.value),
        view(record.key),
        record.value.schema,
        record.key.schema,
        record.topic,
        headers,
        headers,
      );
    } catch (cause) {
      const kind = cause instanceof Error ? cause.name : typeof cause;
      throw new TidemarkError(
        'TRANSFORM',
        `${this.#property} failed on a record of ${record.topic} (${kind})`,
        {
          cause,
          cure:
            'Parts of an event may be null: before of an insert, after of a delete. Write ' +
            'value.after?.id; records of other kinds are kept out with topic.regex.',
        },
      );
    }
  }
}

/** One expression, or statements with `return`. */
function compile(property: string, text: string): Expression {
  const settings = { filename: property };
  try {
    return compileFunction(`"use strict"; return (${text}\n);`, VARIABLES, settings) as Expression;
  } catch {
    if (!/\breturn\b/.test(text)) throw invalid(property, text);
  }
  try {
    return compileFunction(`"use strict"; ${text}`, VARIABLES, settings) as Expression;
  } catch (cause) {
    throw invalid(property, text, cause);
  }
}

function invalid(property: string, text: string, cause?: unknown): TidemarkError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new TidemarkError(
    'CONFIG_INVALID',
    `${property}: ${JSON.stringify(shown)} is no JavaScript expression${reason}`,
    { cure: "Write an expression as in value.op == 'u' && value.before.id == 2." },
  );
}

type StructView = Readonly<Record<string, unknown>>;

/** A class per schema: fields are read when the expression asks for them. */
const viewClass = perSchema((schema): new (struct: Struct) => StructView => {
  class View {
    readonly #struct: Struct;

    constructor(struct: Struct) {
      this.#struct = struct;
    }

    static read(of: View, index: number, field: ConnectSchema): unknown {
      return plain(field, of.#struct.values[index] ?? null);
    }
  }
  for (const [index, field] of (schema.fields ?? []).entries()) {
    Object.defineProperty(View.prototype, field.name, {
      enumerable: true,
      get(this: View) {
        return View.read(this, index, field.schema);
      },
    });
  }
  return View as unknown as new (struct: Struct) => StructView;
});

function view({ schema, value }: ConnectData): unknown {
  return schema === null ? value : plain(schema, value);
}

/** As expressions expect it: whole numbers as numbers while they are exact, decimals as numbers. */
function plain(schema: ConnectSchema, value: ConnectValue): unknown {
  if (value === null) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  if (isStruct(value)) return new (viewClass(value.schema))(value);
  if (schema.name === DECIMAL && isDecimal(value)) return Number(formatDecimal(value));
  const items = schema.valueSchema;
  if (items === undefined) return value;
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(items, item)]));
  }
  return (value as readonly ConnectValue[]).map((item) => plain(items, item));
}

/** The last header of each name, as `headers.name.value`. */
function headerView(headers: readonly ConnectHeader[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    headers.map((header) => [header.name, { value: view(header), schema: header.schema }]),
  );
}
