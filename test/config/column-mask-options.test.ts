import { expect, test } from 'vitest';
import {
  COLUMN_MASK_OPTIONS,
  COLUMN_MASK_RULES,
  columnMaskRules,
} from '../../src/config/column-mask-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import type { ExaminedOptions } from '../../src/config/resolve-options.ts';

const examine = (input: Record<string, string>): ExaminedOptions =>
  examineOptions(COLUMN_MASK_OPTIONS, input, {
    where: 's',
    rules: COLUMN_MASK_RULES,
    providers: { environment: {}, folder: '/' },
  });

test('the parameters stand in the names', () => {
  const { options, problems } = examine({
    'column.mask.with.3.chars': 'public.a.b',
    'column.mask.hash.SHA-256.with.salt.a.b': 'public.a.c',
    'column.mask.hash.v2.SHA3-512.with.salt.x': 'public.a.d,public.a.e',
    'column.truncate.to.20.chars': 'public.a.f',
  });
  expect(problems).toEqual([]);
  const rules = columnMaskRules(options).map(({ patterns, property: _property, ...rule }) => ({
    ...rule,
    patterns: patterns.length,
  }));
  expect(rules).toEqual([
    { kind: 'constant', length: 3, patterns: 1 },
    { kind: 'hash', algorithm: 'sha256', salt: 'a.b', version: 1, patterns: 1 },
    { kind: 'hash', algorithm: 'sha3-512', salt: 'x', version: 2, patterns: 2 },
    { kind: 'truncate', length: 20, patterns: 1 },
  ]);
});

test.each([
  [{ 'column.mask.with.ten.chars': 'a' }, 'ten is not a number of characters'],
  [{ 'column.truncate.to.-1.chars': 'a' }, '-1 is not a number of characters'],
  [{ 'column.mask.hash.v2.ROT-13.with.salt.x': 'a' }, 'there is no algorithm ROT-13'],
])('%j', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});
