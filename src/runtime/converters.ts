import type { SchemaRegistry } from '../converter/converter.ts';
import { createConverter } from '../converter/create-converter.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { RegistrySettings, SubjectStrategy } from '../config/registry-options.ts';
import { registrySettings } from '../config/registry-options.ts';
import { ConfluentRegistry } from '../converter/registry/confluent-registry.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { FormatConverter } from './table-encoders.ts';

type DecimalFormat = JsonTextOptions['decimalFormat'];

/** Rows have no compiled encoder for one of the two: they take the general path. */
export function needsGeneralPath(converters: {
  readonly key: FormatConverter;
  readonly value: FormatConverter;
}): boolean {
  return converters.key.format === null || converters.value.format === null;
}

/** Where converters get their ids: by default registries of schema.registry.url as they are. */
export type RegistryChoice = (settings: RegistrySettings) => SchemaRegistry;

const asItIs: RegistryChoice = (settings) => new ConfluentRegistry(settings);

/**
 * The converter pair of a connector, from `key.converter…` and `value.converter…`; `builtIn` serves
 * a side without schema.registry.url.
 */
export function convertersOf(
  options: ResolvedOptions,
  builtIn: SchemaRegistry,
  choose: RegistryChoice = asItIs,
): { readonly key: FormatConverter; readonly value: FormatConverter } {
  const registryOf = (side: 'key' | 'value'): SchemaRegistry => {
    const settings = registrySettings(options, side);
    return settings === null ? builtIn : choose(settings);
  };
  return {
    key: converterOf(options, 'key', registryOf('key')),
    value: converterOf(options, 'value', registryOf('value')),
  };
}

function converterOf(
  options: ResolvedOptions,
  side: 'key' | 'value',
  registry: SchemaRegistry,
): FormatConverter {
  const name = options.string(`${side}.converter`);
  const replaceNullWithDefault = options.boolean(`${side}.converter.replace.null.with.default`);
  const decimalFormat = options.string(`${side}.converter.decimal.format`) as DecimalFormat;
  const strategy = options.string(`${side}.converter.${side}.subject.name.strategy`);
  const nulls = {
    isKey: side === 'key',
    replaceNullWithDefault,
    decimalFormat,
    registry,
    subjectStrategy: strategy as SubjectStrategy,
  };
  const delegateName = options.optionalString(`${side}.converter.delegate.converter.type`);
  const delegate =
    delegateName === undefined
      ? {}
      : {
          delegate: createConverter({
            ...nulls,
            name: delegateName,
            schemasEnable: options.boolean(
              `${side}.converter.delegate.converter.type.schemas.enable`,
            ),
          }),
        };
  const converter = createConverter({
    ...nulls,
    ...delegate,
    name,
    schemasEnable: options.boolean(`${side}.converter.schemas.enable`),
  });
  const format = name === 'json' || name === 'avro' ? name : null;
  return { format, replaceNullWithDefault, decimalFormat, converter };
}
