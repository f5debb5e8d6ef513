import type { SchemaRegistry } from '../converter/converter.ts';
import { createConverter } from '../converter/create-converter.ts';
import type { ResolvedOptions } from '../config/option.ts';
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

/** The converter pair of a connector, from `key.converter…` and `value.converter…`. */
export function convertersOf(
  options: ResolvedOptions,
  registry: SchemaRegistry,
): { readonly key: FormatConverter; readonly value: FormatConverter } {
  return {
    key: converterOf(options, 'key', registry),
    value: converterOf(options, 'value', registry),
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
  const nulls = { isKey: side === 'key', replaceNullWithDefault, decimalFormat, registry };
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
