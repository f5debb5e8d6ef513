import type { ErrorCode } from '../foundation/error-table.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import { expandReferences, type ProviderContext } from './config-providers.ts';
import { nearestName } from './nearest-name.ts';
import { type Option, type OptionValue, ResolvedOptions } from './option.ts';
import { parseOptionValue, type ParsedValue } from './option-value.ts';

/** A rule over several properties; asked only when each of them is well-formed by itself. */
export interface OptionRule {
  readonly properties: readonly string[];
  /** What is wrong, as a sentence that follows the name of the first property. */
  readonly check: (options: ResolvedOptions) => string | undefined;
}

/** What surrounds a section: its name, its file, its rules. */
export interface ResolveContext {
  /** The section, e.g. `source` or `sinks[0]`; precedes every name in a message. */
  readonly where: string;
  readonly providers: ProviderContext;
  readonly rules?: readonly OptionRule[];
  /** `file:line` of a property. */
  readonly placeOf?: (name: string) => string | undefined;
}

/** Problems of a configuration with its warnings: a misspelt name explains a missing one. */
export class ConfigErrors extends TidemarkErrors {
  readonly warnings: readonly string[];

  constructor(errors: readonly TidemarkError[], warnings: readonly string[]) {
    super(errors);
    this.name = 'ConfigErrors';
    this.warnings = warnings;
  }
}

/** A section as far as it could be resolved. */
export interface ExaminedOptions {
  /** Complete only when there are no problems. */
  readonly options: ResolvedOptions;
  readonly problems: readonly TidemarkError[];
}

/** Resolves a section or throws ConfigErrors with every problem of it. */
export function resolveOptions(
  table: readonly Option[],
  input: Readonly<Record<string, unknown>>,
  where: string,
): ResolvedOptions {
  const providers = { environment: process.env, folder: process.cwd() };
  const { options, problems } = examineOptions(table, input, { where, providers });
  if (problems.length > 0) throw new ConfigErrors(problems, options.warnings);
  return options;
}

/** Resolves as far as possible and returns all problems, for a caller that has more sections. */
export function examineOptions(
  table: readonly Option[],
  input: Readonly<Record<string, unknown>>,
  context: ResolveContext,
): ExaminedOptions {
  const examination = new Examination(table, context, ownedPrefixes(table, input));
  for (const [name, value] of Object.entries(input)) examination.given(name, value);
  examination.defaults();
  return examination.finish();
}

/** One section under examination. Values of secrets and of providers never enter a message. */
class Examination {
  readonly #exact = new Map<string, Option>();
  readonly #families: { readonly option: Option; readonly form: RegExp }[] = [];
  readonly #context: ResolveContext;
  readonly #owned: readonly string[];
  readonly #values = new Map<string, OptionValue>();
  readonly #broken = new Set<string>();
  readonly #problems: TidemarkError[] = [];
  readonly #warnings: string[] = [];

  constructor(table: readonly Option[], context: ResolveContext, owned: readonly string[]) {
    this.#context = context;
    this.#owned = owned;
    for (const option of table) {
      if (option.name.includes('<')) this.#families.push({ option, form: familyForm(option.name) });
      else this.#exact.set(option.name, option);
    }
  }

  given(name: string, raw: unknown): void {
    const option =
      this.#exact.get(name) ??
      // Before what the user has named: a converter `column` must not swallow a mask.
      this.#families.find((family) => family.form.test(name))?.option ??
      this.#ownedOption(name);
    if (option === undefined) {
      this.#unknown(name);
      return;
    }
    if (option.status === 'refused') {
      if (isOff(raw)) return;
      const reason = option.reason ?? 'it is not supported';
      this.#problem('CONFIG_UNSUPPORTED', name, `is not supported: ${reason}`);
      return;
    }
    if (option.status === 'accepted') {
      const reason = option.reason ?? 'it has no meaning here';
      this.#warnings.push(`${this.#title(name)} has no effect: ${reason}${this.#place(name)}`);
      return;
    }
    this.#value(option, name, raw);
  }

  defaults(): void {
    for (const option of this.#exact.values()) {
      if (this.#values.has(option.name) || this.#broken.has(option.name)) continue;
      if (option.default !== undefined) {
        const parsed = parseOptionValue(option.type, option.default);
        if (parsed.kind === 'value') this.#values.set(option.name, parsed.value);
        // A default that is not built is a choice that the user has to make.
        else if (parsed.kind === 'refused')
          this.#refuse(option.name, option.default, parsed.reason);
        else this.#problem('INTERNAL', option.name, `has a default that ${parsed.rule}`);
      } else if (option.required === true) {
        this.#problem('CONFIG_INVALID', option.name, 'is required', `Add it: ${option.doc}`);
      }
    }
  }

  finish(): ExaminedOptions {
    const options = new ResolvedOptions(this.#values, this.#warnings);
    for (const rule of this.#context.rules ?? []) {
      if (rule.properties.some((name) => this.#broken.has(name))) continue;
      const message = rule.check(options);
      if (message !== undefined) this.#problem('CONFIG_INVALID', rule.properties[0] ?? '', message);
    }
    return { options, problems: this.#problems };
  }

  #value(option: Option, name: string, raw: unknown): void {
    const texts = this.#texts(option, name, raw);
    if (texts === undefined) return;
    const expanded = texts.map((text) => expandReferences(text, this.#context.providers));
    const problems = expanded.flatMap((part) => part.problems);
    if (problems.length > 0) {
      for (const problem of problems)
        this.#problem('CONFIG_INVALID', name, problem, `Set it, or correct the reference.`, ': ');
      return;
    }
    const isHidden = option.secret === true || expanded.some((part) => part.fromProvider);
    // An empty value stands for "not given", as in a properties file.
    const parts = expanded.map((part) => part.text).filter((text) => text !== '');
    if (parts.length === 0 && option.emptyValue !== undefined) parts.push(option.emptyValue);
    if (parts.length === 0) return;
    const parsed = parseParts(option, parts);
    const shown = isHidden ? 'the value' : quote(parts.join(', '));
    const taken =
      option.ownsNames === true ? parts.find((part) => this.#takenName(part)) : undefined;
    if (taken !== undefined) {
      this.#problem(
        'CONFIG_INVALID',
        name,
        `has a name with which other properties begin: ${taken}`,
      );
    } else if (parsed.kind === 'value') this.#values.set(name, parsed.value);
    else if (parsed.kind === 'refused') this.#refuse(name, shown, parsed.reason);
    else this.#problem('CONFIG_INVALID', name, `${shown} ${parsed.rule}`, undefined, ': ');
  }

  /** The raw value as texts: one, or several for a YAML list. */
  #texts(option: Option, name: string, raw: unknown): readonly string[] | undefined {
    if (raw === null || raw === undefined) return [];
    if (Array.isArray(raw) && (option.type.kind === 'list' || option.type.kind === 'regex-list')) {
      if (raw.every(isScalar)) return raw.map(String);
    } else if (isScalar(raw)) {
      return [String(raw)];
    }
    const rule = Array.isArray(raw)
      ? 'must be a single value, not a list'
      : 'must be a single value; names are written with dots, as in database.hostname';
    this.#problem('CONFIG_INVALID', name, rule);
    return undefined;
  }

  /** Of these names' own properties some would be taken for what the section has itself. */
  #takenName(text: string): boolean {
    const known = [...this.#exact.keys(), ...this.#families.map(({ option }) => option.name)];
    const prefixes = text.split(',').map((name) => `${name.trim()}.`);
    return known.some((option) => prefixes.some((prefix) => option.startsWith(prefix)));
  }

  /** A property of something that the user has named; whoever reads it knows what it may be. */
  #ownedOption(name: string): Option | undefined {
    if (!this.#owned.some((prefix) => name.startsWith(prefix))) return undefined;
    return { name, type: { kind: 'string' }, doc: '' };
  }

  #unknown(name: string): void {
    const nearest = nearestName(name, this.#exact.keys());
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    this.#warnings.push(`${this.#title(name)} is not a known property${hint}${this.#place(name)}`);
  }

  #refuse(name: string, shown: string, reason: string): void {
    this.#problem(
      'CONFIG_UNSUPPORTED',
      name,
      `${shown} is not supported: ${reason}`,
      undefined,
      ': ',
    );
  }

  #problem(code: ErrorCode, name: string, text: string, cure?: string, joint = ' '): void {
    this.#broken.add(name);
    const message = `${this.#title(name)}${joint}${text}${this.#place(name)}`;
    this.#problems.push(new TidemarkError(code, message, cure === undefined ? {} : { cure }));
  }

  #title(name: string): string {
    // Debezium's hashes have their salt in the name.
    return `${this.#context.where}: ${name.replace(/(\.with\.salt\.).*$/, '$1…')}`;
  }

  #place(name: string): string {
    const place = this.#context.placeOf?.(name);
    return place === undefined ? '' : ` (${place})`;
  }
}

/** `<name>.` for each name in an option that owns names. */
function ownedPrefixes(
  table: readonly Option[],
  input: Readonly<Record<string, unknown>>,
): readonly string[] {
  const texts = table
    .filter((option) => option.ownsNames === true)
    .flatMap(({ name }) =>
      Array.isArray(input[name]) ? (input[name] as unknown[]) : [input[name]],
    )
    .filter(isScalar);
  return texts.flatMap((text) => String(text).split(',')).map((name) => `${name.trim()}.`);
}

/** What switches a refused property off changes nothing: it is as if it had not been given. */
function isOff(raw: unknown): boolean {
  if (raw === null || raw === undefined) return true;
  return isScalar(raw) && ['', 'false', 'none', '0'].includes(String(raw).toLowerCase());
}

function parseParts(option: Option, parts: readonly string[]): ParsedValue {
  const single = parts[0];
  if (parts.length === 1 && single !== undefined) return parseOptionValue(option.type, single);
  const values: (string | RegExp)[] = [];
  for (const part of parts) {
    const parsed = parseOptionValue(option.type, part);
    if (parsed.kind !== 'value') return parsed;
    if (Array.isArray(parsed.value)) values.push(...(parsed.value as (string | RegExp)[]));
  }
  return { kind: 'value', value: values as readonly string[] | readonly RegExp[] };
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}

/** `column.mask.with.<N>.chars` as an expression over property names. */
function familyForm(name: string): RegExp {
  const parts = name.split(/<[^>]*>/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
