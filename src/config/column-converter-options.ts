import type { Option, ResolvedOptions } from './option.ts';
import { compilePattern, PatternError, splitPatterns } from './pattern-list.ts';
import type { OptionRule } from './resolve-options.ts';
import { sourceFamily } from './source-family.ts';

/** Properties of a source that name its custom converters. */
export const COLUMN_CONVERTER_OPTIONS: readonly Option[] = [
  {
    name: 'converters',
    type: { kind: 'list' },
    ownsNames: true,
    doc:
      'Names of custom converters, asked in this order. Each has `<name>.type`, a module in ' +
      'TypeScript or JavaScript (`./file.ts`, relative to this file, or a package), may have ' +
      '`<name>.selector`, regular expressions over `schema.table.column`, and properties of its ' +
      'own, which are handed to it.',
  },
];

/** A custom converter as configured. */
export interface ColumnConverterSetting {
  readonly name: string;
  /** Path or package of the module. */
  readonly module: string;
  /** Columns that it is asked about; null: all. */
  readonly selector: readonly RegExp[] | null;
  /** All others of its properties, without its name. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The converters in their order. Throws RangeError, which says what is wrong with them. */
export function columnConverterSettings(
  options: ResolvedOptions,
): readonly ColumnConverterSetting[] {
  const names = options.list('converters');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${twice} is named twice`);
  const className = options.optionalString('connector.class') ?? '';
  return names.map((name) => {
    const { type, selector, ...properties } = ownedProperties(name, options);
    if (type === undefined) throw new RangeError(`${name}.type is required: the module's file`);
    const instead = javaClassAdvice(type, className);
    if (instead !== null) throw new RangeError(`${name}.type: ${type} is a Java class: ${instead}`);
    return { name, module: type, selector: selectorOf(name, selector), properties };
  });
}

/** Properties of something that the user has named, without the name (`Option.ownsNames`). */
export function ownedProperties(
  name: string,
  options: ResolvedOptions,
): Readonly<Record<string, string>> {
  const prefix = `${name}.`;
  const own = options.names().filter((property) => property.startsWith(prefix));
  return Object.fromEntries(
    own.map((property) => [property.slice(prefix.length), options.string(property)] as const),
  );
}

function selectorOf(name: string, text: string | undefined): readonly RegExp[] | null {
  if (text === undefined) return null;
  try {
    return splitPatterns(text).map((pattern) => compilePattern(pattern, 'i'));
  } catch (error) {
    if (error instanceof PatternError) throw new RangeError(`${name}.selector ${error.message}`);
    throw error;
  }
}

const OWN_FUNCTION = 'write it as a function in TypeScript (README, "Custom converters")';
const BOOLEAN = 'a boolean of PostgreSQL is one already; remove it, or ' + OWN_FUNCTION;

/** What users of the original have in their files, by the last part of the class. */
const ADVICE: Readonly<Record<string, string>> = {
  TinyIntOneToBooleanConverter: BOOLEAN,
  NumberOneToBooleanConverter: BOOLEAN,
  NumberToZeroScaleConverter: 'numeric(10) has the scale 0 here; remove it, or ' + OWN_FUNCTION,
  ZeroDateFallbackConverter: 'PostgreSQL has no zero dates; remove it',
  JdbcSinkDataTypesConverter:
    'set column.propagate.source.type to .* instead, from which sinks make the same columns',
  RawToStringConverter: 'set binary.handling.mode to hex instead, or ' + OWN_FUNCTION,
  TimestampConverter: 'set time.precision.mode to isostring instead, or ' + OWN_FUNCTION,
};

/** What of it is other for MySQL and MariaDB. */
const BINLOG_ADVICE: Readonly<Record<string, string>> = {
  ...ADVICE,
  TinyIntOneToBooleanConverter: 'set tinyint.one.handling.mode to boolean instead',
  NumberOneToBooleanConverter: OWN_FUNCTION,
  NumberToZeroScaleConverter: 'decimal(10) has the scale 0 here; remove it, or ' + OWN_FUNCTION,
  ZeroDateFallbackConverter:
    'set zero.date.handling.mode to null or epoch instead, or ' + OWN_FUNCTION,
};

/** Null: not the name of a Java class. */
function javaClassAdvice(type: string, connectorClass: string): string | null {
  const match = /^(?:[a-z_][\w]*\.)+([A-Z][\w$]*)$/.exec(type);
  const isPostgres = (sourceFamily(connectorClass) ?? 'postgres') === 'postgres';
  const advice = isPostgres ? ADVICE : BINLOG_ADVICE;
  return match === null ? null : (advice[match[1] ?? ''] ?? OWN_FUNCTION);
}

/** Everything about converters that can be told without their modules. */
export const COLUMN_CONVERTER_RULES: readonly OptionRule[] = [
  {
    properties: ['converters'],
    check: (options) => {
      try {
        columnConverterSettings(options);
        return undefined;
      } catch (error) {
        if (error instanceof RangeError) return `cannot be used: ${error.message}`;
        throw error;
      }
    },
  },
];
