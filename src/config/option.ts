import { TidemarkError } from '../foundation/errors.ts';

/** What the raw text or YAML value of a property becomes. */
export type OptionType =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int'; readonly min?: number; readonly max?: number }
  /** Milliseconds; also `500ms`, `10s`, `5m`, `1h`, `7d`. */
  | { readonly kind: 'duration'; readonly min?: number; readonly max?: number }
  /** Bytes; also `64kb`, `16mb`, `2gb` (powers of 1024). */
  | { readonly kind: 'bytes'; readonly min?: number; readonly max?: number }
  | EnumType
  /** Comma-separated text or a YAML list; `verbatim`: commas are part of the texts. */
  | { readonly kind: 'list'; readonly verbatim?: true }
  /** One regular expression, anchored at both ends, case counts. */
  | { readonly kind: 'regex' }
  /** Comma-separated regular expressions, each anchored at both ends, case does not count. */
  | { readonly kind: 'regex-list' };

/** Words are taken without regard to case and resolve to the spelling of `values`. */
export interface EnumType {
  readonly kind: 'enum';
  readonly values: readonly string[];
  /** Other spellings of a value, e.g. the Java class name of a converter. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Known but not built: value → reason. */
  readonly refused?: Readonly<Record<string, string>>;
}

/**
 * One property. The table of these is the only description: resolution, `--help`, the README, the
 * JSON Schema and the errors are all made from it.
 */
export interface Option {
  /** `<…>` inside stands for a part that the user chooses, e.g. `column.mask.with.<N>.chars`. */
  readonly name: string;
  readonly type: OptionType;
  /** Absent and not `required`: the value is undefined. Text as a user would write it. */
  readonly default?: string;
  readonly required?: boolean;
  /** Its values are names that the user chooses: all properties `<name>.…` belong to them. */
  readonly ownsNames?: boolean;
  readonly doc: string;
  /** Never shown in logs, status, API or errors. */
  readonly secret?: boolean;
  /** `accepted`: known, means nothing here: a note. `refused`: an error with the reason. */
  readonly status?: 'supported' | 'accepted' | 'refused';
  /** Why it is accepted or refused, and the alternative. */
  readonly reason?: string;
  /** What an empty value stands for; absent: for a property that was not given. */
  readonly emptyValue?: string;
  /** Why it means nothing with the embedded transport: a note there. */
  readonly onEmbedded?: string;
  /** One of many alike: the reference shows this name in their stead. */
  readonly listedAs?: string;
}

export type OptionValue =
  string | number | boolean | RegExp | readonly string[] | readonly RegExp[] | undefined;

/** Resolved values by property name, frozen. The getters assert the declared kind. */
export class ResolvedOptions {
  readonly #values: ReadonlyMap<string, OptionValue>;
  /** Notes and warnings, e.g. unknown property with the nearest known name. */
  readonly warnings: readonly string[];

  constructor(values: ReadonlyMap<string, OptionValue>, warnings: readonly string[]) {
    this.#values = values;
    this.warnings = warnings;
  }

  /** Names of all properties that have a value, in the order of the file. */
  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  string(name: string): string {
    return this.#typed(name, 'string');
  }

  optionalString(name: string): string | undefined {
    return this.#values.get(name) === undefined ? undefined : this.#typed(name, 'string');
  }

  number(name: string): number {
    return this.#typed(name, 'number');
  }

  optionalNumber(name: string): number | undefined {
    return this.#values.get(name) === undefined ? undefined : this.#typed(name, 'number');
  }

  boolean(name: string): boolean {
    return this.#typed(name, 'boolean');
  }

  list(name: string): readonly string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** Undefined when the property was not given. */
  optionalPattern(name: string): RegExp | undefined {
    const value = this.#values.get(name);
    return value instanceof RegExp ? value : undefined;
  }

  /** True when the property was given or has a default. */
  has(name: string): boolean {
    return this.#values.get(name) !== undefined;
  }

  /** Empty when the property was not given. */
  patterns(name: string): readonly RegExp[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly RegExp[]) : [];
  }

  #typed<K extends 'string' | 'number' | 'boolean'>(
    name: string,
    kind: K,
  ): K extends 'string' ? string : K extends 'number' ? number : boolean {
    const value = this.#values.get(name);
    if (typeof value !== kind)
      throw new TidemarkError('INTERNAL', `option ${name} is not a ${kind}`);
    return value as never;
  }
}
