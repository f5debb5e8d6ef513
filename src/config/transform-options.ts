import { CONNECT_TRANSFORMS, PREDICATES } from './connect-transform-options.ts';
import {
  DEBEZIUM_TRANSFORMS,
  REFUSED_TRANSFORMS,
  SCRIPT_FILTER,
} from './debezium-transform-options.ts';
import { nearestName } from './nearest-name.ts';
import type { Option, ResolvedOptions } from './option.ts';
import { examineOptions, type OptionRule } from './resolve-options.ts';
import type { TransformClass } from './transform-class.ts';
import { flagOption, requiredOption, textOption } from './transform-class.ts';

/** Properties of a connector that name its transforms and predicates, as Connect has them. */
export const TRANSFORM_OPTIONS: readonly Option[] = [
  {
    name: 'transforms',
    type: { kind: 'list' },
    doc:
      'Names of single message transforms, applied in this order: on a source before records are ' +
      'written, on a sink before they are applied. Records then take the general path, which is ' +
      'slower. Their types and properties: see Transforms.',
  },
  {
    name: 'transforms.<name>.<property>',
    type: { kind: 'string' },
    doc: 'Type and properties of a transform; also `predicate` and `negate`.',
  },
  {
    name: 'predicates',
    type: { kind: 'list' },
    doc: 'Names of predicates: TopicNameMatches, HasHeaderKey, RecordIsTombstone.',
  },
  {
    name: 'predicates.<name>.<property>',
    type: { kind: 'string' },
    doc: 'Type and properties of a predicate.',
  },
];

/** Every transform that has a name of its own. */
export const TRANSFORMS = {
  ...CONNECT_TRANSFORMS,
  ...DEBEZIUM_TRANSFORMS,
  ScriptFilter: SCRIPT_FILTER,
} as const satisfies Readonly<Record<string, TransformClass>>;

export type TransformName = keyof typeof TRANSFORMS;
export type PredicateName = keyof typeof PREDICATES;

interface SettingBase {
  readonly name: string;
  readonly predicate: PredicateSetting | null;
  /** Applied where the predicate does not hold. */
  readonly negate: boolean;
}

/** A transform as configured. */
export type TransformSetting = SettingBase &
  (
    | {
        readonly kind: 'built-in';
        readonly type: TransformName;
        /** What `$Key` or `$Value` chose; null for classes that have no sides. */
        readonly side: 'key' | 'value' | null;
        readonly options: ResolvedOptions;
      }
    /** A module of the user: its path as written, its own properties as text. */
    | {
        readonly kind: 'module';
        readonly path: string;
        readonly properties: Readonly<Record<string, string>>;
      }
  );

/** A predicate as configured. */
export interface PredicateSetting {
  readonly type: PredicateName;
  readonly options: ResolvedOptions;
}

const COMMON: readonly Option[] = [
  requiredOption('type', 'Class of the transform, or the path of a module.'),
  textOption('predicate', undefined, 'Name of a predicate.'),
  flagOption('negate', 'false', 'Apply it where the predicate does not hold.'),
];

/** A path, not a class name. */
const MODULE_FORM = /^\.{0,2}\/|\.(?:ts|mts|js|mjs)$/;

/** The transforms in their order. Throws RangeError for what is wrong with them. */
export function transformSettings(options: ResolvedOptions): readonly TransformSetting[] {
  const names = options.list('transforms');
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new RangeError(`${repeated} is named twice`);
  refuseStrays('transforms', names, options);
  refuseStrays('predicates', options.list('predicates'), options);
  const predicates = new Map(
    options.list('predicates').map((name) => [name, predicateSetting(name, options)]),
  );
  const used = new Set<string>();
  const settings = names.map((name) => {
    const given = propertiesOf(`transforms.${name}.`, options);
    const chosen = given['predicate'];
    if (chosen !== undefined) used.add(chosen);
    return settingOf(name, given, predicates);
  });
  const unused = [...predicates.keys()].find((name) => !used.has(name));
  if (unused === undefined) return settings;
  throw new RangeError(`no transform uses the predicate ${unused}: give it to one, or remove it`);
}

function settingOf(
  name: string,
  given: Readonly<Record<string, string>>,
  predicates: ReadonlyMap<string, PredicateSetting>,
): TransformSetting {
  const where = `transforms.${name}`;
  const { type, predicate: chosen, negate, ...properties } = given;
  if (type === undefined) throw new RangeError(`${where}.type is required`);
  const predicate = chosen === undefined ? null : (predicates.get(chosen) ?? undefined);
  if (predicate === undefined) {
    throw new RangeError(`${where}.predicate: predicates does not name ${chosen}`);
  }
  if (MODULE_FORM.test(type)) {
    const common = { type, ...(negate === undefined ? {} : { negate }) };
    const own = resolve(where, COMMON, common);
    const base = { name, predicate, negate: own.boolean('negate') };
    return { ...base, kind: 'module', path: type, properties };
  }
  const { found, side } = transformClass(`${where}.type`, type);
  if (found === 'Filter' && 'condition' in properties) {
    throw new RangeError(`${where}.type: a Filter with a condition is ${SCRIPT_FILTER.java}`);
  }
  const own = resolve(where, [...COMMON, ...TRANSFORMS[found].options], given);
  const base = { name, predicate, negate: own.boolean('negate') };
  return { ...base, kind: 'built-in', type: found, side, options: own };
}

function predicateSetting(name: string, options: ResolvedOptions): PredicateSetting {
  const where = `predicates.${name}`;
  const given = propertiesOf(`${where}.`, options);
  const { type } = given;
  if (type === undefined) throw new RangeError(`${where}.type is required`);
  const found = nameIn(type, PREDICATES);
  if (found === undefined) throw unknownClass(`${where}.type`, type, Object.keys(PREDICATES));
  const table = [requiredOption('type', 'Class of the predicate.'), ...PREDICATES[found].options];
  return { type: found, options: resolve(where, table, given) };
}

/** A property of a name that the list lacks would be without effect: the list is misspelt. */
function refuseStrays(
  list: 'transforms' | 'predicates',
  names: readonly string[],
  options: ResolvedOptions,
): void {
  for (const property of options.names()) {
    if (!property.startsWith(`${list}.`)) continue;
    if (names.some((name) => property.startsWith(`${list}.${name}.`))) continue;
    const [, stray = ''] = property.split('.');
    const nearest = nearestName(stray, names);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new RangeError(`${property}: ${list} does not name ${stray}${hint}`);
  }
}

function propertiesOf(prefix: string, options: ResolvedOptions): Record<string, string> {
  const names = options.names().filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), options.string(name)]));
}

/** Java's class name or the last part of it, with `$Key` or `$Value` where the class has them. */
function transformClass(
  property: string,
  text: string,
): { readonly found: TransformName; readonly side: 'key' | 'value' | null } {
  const [, name = '', suffix] = /^(.*?)(?:\$(Key|Value))?$/.exec(text) ?? [];
  const reason = REFUSED_TRANSFORMS[name];
  if (reason !== undefined) throw new RangeError(`${property}: ${name} is refused: ${reason}`);
  const found = nameIn(name, TRANSFORMS);
  if (found === undefined) throw unknownClass(property, text, Object.keys(TRANSFORMS));
  const { sided } = TRANSFORMS[found];
  if (sided && suffix === undefined) {
    throw new RangeError(`${property}: write ${text}$Key or ${text}$Value`);
  }
  if (!sided && suffix !== undefined) {
    throw new RangeError(`${property}: ${name} is for whole records: write it without $${suffix}`);
  }
  return { found, side: suffix === undefined ? null : suffix === 'Key' ? 'key' : 'value' };
}

function nameIn<C extends Readonly<Record<string, TransformClass>>>(
  name: string,
  classes: C,
): (keyof C & string) | undefined {
  const short = name.replace(/^outbox\.|^partitions\./, '');
  return Object.keys(classes).find(
    (candidate) => candidate === short || classes[candidate]?.java === name,
  );
}

function unknownClass(property: string, name: string, known: readonly string[]): RangeError {
  const nearest = nearestName(name.split('.').at(-1) ?? name, known);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  const list = `there are ${known.join(', ')}, and modules such as ./my-transform.ts`;
  return new RangeError(`${property}: ${name} is not built${hint || `; ${list}`}`);
}

function resolve(
  where: string,
  table: readonly Option[],
  given: Readonly<Record<string, string>>,
): ResolvedOptions {
  // References were replaced when the section was read; what stands here is taken as it is.
  const providers = { environment: {}, folder: '.' };
  const { options, problems } = examineOptions(table, given, { where, providers });
  // A misspelt property would change what goes out: there is no doubt about these names. It goes
  // first, because it explains another one that is missing.
  const stray = options.warnings.find((warning) => warning.includes('not a known property'));
  if (stray !== undefined) throw new RangeError(stray);
  const [problem] = problems;
  if (problem !== undefined) throw new RangeError(problem.message);
  return options;
}

/** Everything about transforms that can be told without making them. */
export const TRANSFORM_RULES: readonly OptionRule[] = [
  {
    properties: ['transforms'],
    check: (options) => {
      try {
        transformSettings(options);
        return undefined;
      } catch (error) {
        if (error instanceof RangeError) return `cannot be used: ${error.message}`;
        throw error;
      }
    },
  },
];
