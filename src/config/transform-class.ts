import type { EnumType, Option } from './option.ts';

/** A transform or predicate that can be named in a pipeline file, and its properties. */
export interface TransformClass {
  /** Java's name, without `$Key` or `$Value`. */
  readonly java: string;
  /** The class comes as `$Key` and `$Value`. */
  readonly sided: boolean;
  /** One sentence, for the reference. */
  readonly doc: string;
  readonly options: readonly Option[];
}

/** A property of text; without `initial` it may be left out. */
export function textOption(name: string, initial: string | undefined, doc: string): Option {
  return {
    name,
    type: { kind: 'string' },
    ...(initial === undefined ? {} : { default: initial }),
    doc,
  };
}

/** A property that has to be given. */
export function requiredOption(name: string, doc: string): Option {
  return { ...textOption(name, undefined, doc), required: true };
}

/** A list that may be left out. */
export function listOption(name: string, doc: string): Option {
  return { name, type: { kind: 'list' }, doc };
}

/** A list that has to be given. */
export function requiredListOption(name: string, doc: string): Option {
  return { ...listOption(name, doc), required: true };
}

/** True or false. */
export function flagOption(name: string, initial: 'true' | 'false', doc: string): Option {
  return { name, type: { kind: 'boolean' }, default: initial, doc };
}

/** One word of several. */
export function choiceOption(
  name: string,
  values: readonly string[],
  initial: string | undefined,
  doc: string,
  more: Omit<EnumType, 'kind' | 'values'> = {},
): Option {
  return {
    name,
    type: { kind: 'enum', values, ...more },
    ...(initial === undefined ? {} : { default: initial }),
    doc,
  };
}

/** A whole number. */
export function numberOption(
  name: string,
  bounds: { readonly min?: number; readonly max?: number },
  initial: string | undefined,
  doc: string,
): Option {
  return {
    name,
    type: { kind: 'int', ...bounds },
    ...(initial === undefined ? {} : { default: initial }),
    doc,
  };
}
