import { expect, test } from 'vitest';
import { DATABASE_SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import {
  DEBEZIUM_SOURCE_DEFAULTS,
  identityOptions,
  SOURCE_OPTIONS,
  SOURCE_RULES,
} from '../../src/config/source-options.ts';

test('every class has what all have, with the rules', () => {
  for (const { options, rules } of DATABASE_SOURCE_CLASSES) {
    const names = new Set(options.map(({ name }) => name));
    expect(SOURCE_OPTIONS.filter(({ name }) => !names.has(name))).toEqual([]);
    expect(rules).toEqual(expect.arrayContaining([...SOURCE_RULES]));
  }
});

test("the Java classes have Debezium's defaults, ours have others", () => {
  for (const { options, flavour } of DATABASE_SOURCE_CLASSES) {
    for (const [name, value] of Object.entries(DEBEZIUM_SOURCE_DEFAULTS)) {
      const found = options.find((option) => option.name === name)?.default ?? null;
      expect([name, found === value]).toEqual([name, flavour === 'debezium']);
    }
  }
});

test('the text of connector.class names both', () => {
  const [option] = identityOptions('own', 'a.Java');
  expect(option?.doc).toBe('`own` (safe defaults) or `a.Java` (its defaults).');
});
