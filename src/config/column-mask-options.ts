import { getHashes } from 'node:crypto';
import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const WITH_CHARS = 'column.mask.with.<N>.chars';
const HASH = 'column.mask.hash.<algorithm>.with.salt.<salt>';
const TRUNCATE = 'column.truncate.to.<N>.chars';

/** What hides values; the names carry their parameters, as Debezium's. */
export const COLUMN_MASK_OPTIONS: readonly Option[] = [
  {
    name: WITH_CHARS,
    type: { kind: 'regex-list' },
    doc:
      'Columns whose values, of any type and also null, are replaced by N asterisks. Not for ' +
      'columns of the key: all keys would be equal.',
  },
  {
    name: HASH,
    type: { kind: 'regex-list' },
    doc:
      'Columns whose values, of any type and also in keys, are replaced by a salted digest in ' +
      'hexadecimal. `column.mask.hash.v2.…`, as Debezium prefers it, digests the UTF-8 text; ' +
      'without `v2` what Java serialises. Algorithms are named as in Java: `SHA-256`.',
  },
  {
    name: TRUNCATE,
    type: { kind: 'regex-list' },
    doc: 'Columns of text or bytes that are cut to N characters or bytes. Not for key columns.',
  },
];

/** One of these properties. */
export type ColumnMaskRule = { readonly property: string; readonly patterns: readonly RegExp[] } & (
  | { readonly kind: 'constant' | 'truncate'; readonly length: number }
  | {
      readonly kind: 'hash';
      readonly algorithm: string;
      readonly salt: string;
      readonly version: 1 | 2;
    }
);

/** The given ones, in the order of the file. Call it only when the rule below has passed. */
export function columnMaskRules(options: ResolvedOptions): readonly ColumnMaskRule[] {
  return options
    .names()
    .map((name) => ruleOf(name, options))
    .filter((rule) => typeof rule === 'object');
}

/** The parameters in the names must make sense. */
export const COLUMN_MASK_RULES: readonly OptionRule[] = [
  {
    properties: [WITH_CHARS],
    check: (options) =>
      options
        .names()
        .map((name) => ruleOf(name, options))
        .find((rule) => typeof rule === 'string'),
  },
];

/** A string says what is wrong; undefined: another property. */
function ruleOf(name: string, options: ResolvedOptions): ColumnMaskRule | string | undefined {
  const patterns = options.patterns(name);
  const cut = /^column\.(mask\.with|truncate\.to)\.(.+)\.chars$/.exec(name);
  if (cut !== null) {
    const length = /^\d{1,7}$/.test(cut[2] ?? '') ? Number(cut[2]) : NaN;
    if (Number.isNaN(length)) return `${name}: ${cut[2] ?? ''} is not a number of characters`;
    return {
      property: name,
      patterns,
      kind: cut[1] === 'mask.with' ? 'constant' : 'truncate',
      length,
    };
  }
  const hash = /^column\.mask\.hash\.(v2\.)?([^.]+)\.with\.salt\.(.+)$/.exec(name);
  if (hash === null) return undefined;
  const [, version, java = '', salt = ''] = hash;
  const algorithm = java.toLowerCase().replace(/^sha-/, 'sha');
  if (!getHashes().includes(algorithm)) {
    return `${name}: there is no algorithm ${java}; for example SHA-256, SHA-512 or SHA3-256`;
  }
  const number = version === undefined ? 1 : 2;
  return { property: name, patterns, kind: 'hash', algorithm, salt, version: number };
}
