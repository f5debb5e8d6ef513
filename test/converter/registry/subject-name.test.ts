import { expect, test } from 'vitest';
import { subjectNaming } from '../../../src/converter/registry/subject-name.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const NAMED: ConnectSchema = { type: 'struct', optional: false, name: 'shop.t.Key', fields: [] };
const UNNAMED: ConnectSchema = { type: 'struct', optional: false, fields: [] };

test.each([
  ['topic', true, 'shop.t-key'],
  ['topic', false, 'shop.t-value'],
  ['record', true, 'shop.t.Key'],
  ['topic-record', false, 'shop.t-shop.t.Key'],
] as const)('by %s, key %s: %s', (strategy, isKey, subject) => {
  expect(subjectNaming(strategy, isKey, 'unnamed')('shop.t', NAMED)).toBe(subject);
});

test('a struct without a name has the one that the converter gives it', () => {
  expect(subjectNaming('record', false, 'io.x.Default')('t', UNNAMED)).toBe('io.x.Default');
});

test('what is no record has no name: only the topic names its subject', () => {
  const text: ConnectSchema = { type: 'string', optional: false };
  expect(subjectNaming('topic', false, 'unnamed')('t', text)).toBe('t-value');
  expect(() => subjectNaming('record', false, 'unnamed')('t', text)).toThrow(
    expect.objectContaining({
      code: 'SCHEMA_INVALID',
      cure: 'Set value.converter.value.subject.name.strategy to topic.',
    }),
  );
});
