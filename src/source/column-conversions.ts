import { conversionError } from '../../dialects/value-conversion.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ColumnConverter, ColumnFacts } from '../model/column-converter.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { convertedSchema, WrongSchema } from '../model/converted-schema.ts';
import { convertedValue, WrongValue } from '../model/converted-value.ts';
import type { TextFormat } from '../model/table-schema.ts';

/** A custom converter whose module is loaded. */
export interface LoadedColumnConverter {
  readonly name: string;
  /** As the pipeline file names it. */
  readonly module: string;
  /** File of the module, for messages. */
  readonly file: string;
  /** Columns that it is asked about, by `schema.table.column`; null: all. */
  readonly selector: readonly RegExp[] | null;
  readonly properties: Readonly<Record<string, string>>;
  readonly convert: ColumnConverter;
}

/** The form that a converter gives a column. */
export interface ConvertedColumn {
  /** `optional` as the converter said; the column may be nullable all the same. */
  readonly schema: ConnectSchema;
  readonly format: Extract<TextFormat, { kind: 'custom' }>;
}

/**
 * Asks the custom converters about columns. The answer for the same facts is remembered: snapshot,
 * stream and every reconnect have the same function, or a table would get a new version each time.
 */
export class ColumnConversions {
  readonly #converters: readonly LoadedColumnConverter[];
  readonly #known = new Map<string, ConvertedColumn | TidemarkError | null>();
  readonly #used = new Set<LoadedColumnConverter>();
  /** Converters that have failed: the first error stands for all columns. */
  readonly #broken = new Map<LoadedColumnConverter, TidemarkError>();

  constructor(converters: readonly LoadedColumnConverter[]) {
    this.#converters = converters;
  }

  /** Names of converters that have taken none of the columns that were asked about. */
  get idle(): readonly string[] {
    return this.#converters.filter((one) => !this.#used.has(one)).map(({ name }) => name);
  }

  /** What decides about the values, for the fingerprint of the stream. */
  get identity(): unknown {
    return this.#converters.map(({ name, module, selector, properties }) => [
      name,
      module,
      selector?.map(String) ?? null,
      Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
  }

  /** Null: no converter wants it. Throws CONVERTER_INVALID. */
  of(facts: ColumnFacts): ConvertedColumn | null {
    const key = JSON.stringify(Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    let found = this.#known.get(key);
    if (found === undefined) this.#known.set(key, (found = this.#ask(facts)));
    if (found instanceof TidemarkError) throw found;
    return found;
  }

  #ask(facts: ColumnFacts): ConvertedColumn | TidemarkError | null {
    const qualified = `${facts.schema}.${facts.table}.${facts.name}`;
    for (const converter of this.#converters) {
      const { selector } = converter;
      if (selector !== null && !selector.some((pattern) => pattern.test(qualified))) continue;
      const broken = this.#broken.get(converter);
      if (broken !== undefined) return broken;
      try {
        const column = ask(converter, facts);
        if (column === null) continue;
        this.#used.add(converter);
        return column;
      } catch (error) {
        this.#used.add(converter);
        const problem = new TidemarkError(
          'CONVERTER_INVALID',
          `converter ${converter.name} (${converter.file}), asked about ${qualified}: ` +
            (error instanceof Error ? error.message : String(error)),
          { cause: error },
        );
        this.#broken.set(converter, problem);
        return problem;
      }
    }
    return null;
  }
}

function ask(converter: LoadedColumnConverter, facts: ColumnFacts): ConvertedColumn | null {
  const answer: unknown = converter.convert(Object.freeze({ ...facts }), converter.properties);
  if (answer === null || answer === undefined) return null;
  if (answer instanceof Promise) {
    answer.catch(() => undefined);
    throw new WrongSchema('it must not be async: it returned a promise');
  }
  if (typeof answer !== 'object') throw new WrongSchema('it must return null or an object');
  const { schema: raw, convert } = answer as { schema?: unknown; convert?: unknown };
  if (typeof convert !== 'function') {
    throw new WrongSchema('it must return { schema, convert }, and convert must be a function');
  }
  const schema = convertedSchema(raw);
  // A nullable column decides about NULL by itself; here it is about what `convert` returns.
  const optional: ConnectSchema = { ...schema, optional: schema.optional || facts.optional };
  const format = customFormat(converter, convert as (text: string) => unknown, optional);
  return { schema, format };
}

function customFormat(
  converter: LoadedColumnConverter,
  convert: (text: string) => unknown,
  schema: ConnectSchema,
): ConvertedColumn['format'] {
  const check = convertedValue(schema);
  return {
    kind: 'custom',
    convert: (text): ConnectValue => {
      let value: unknown;
      try {
        value = convert(text);
      } catch (error) {
        // Its message may hold the value, which belongs into no log: the place tells enough.
        throw conversionError(`converter ${converter.name} threw ${whereThrown(error)}`);
      }
      try {
        return check(value);
      } catch (error) {
        if (!(error instanceof WrongValue)) throw error;
        throw conversionError(`converter ${converter.name} returned ${error.message}`);
      }
    },
  };
}

/** The kind of error and the line of the first frame. */
function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error}`;
  const kind = /^[A-Za-z][\w$]{0,60}$/.test(error.name) ? error.name : 'an error';
  const { message, stack = '' } = error;
  // Behind the message, which may have lines that look like frames.
  const at = stack.indexOf(message);
  const frames = at < 0 ? '' : stack.slice(at + message.length);
  const frame = frames.split('\n').find((line) => /^\s+at /.test(line));
  const place = frame === undefined ? null : /([^/\\(]+:\d+:\d+)\)?$/.exec(frame);
  return place === null ? kind : `${kind} at ${place[1] ?? ''}`;
}
