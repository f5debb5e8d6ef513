import { expect, test } from 'vitest';
import { Filter } from '../../../src/transform/debezium/filter.ts';
import { changeRecord, ownOptions, transformOptions } from '../../support/transform-records.ts';
import { transformSettings } from '../../../src/config/transform-options.ts';

const TYPE = 'io.debezium.transforms.Filter';
const kept = (condition: string): boolean =>
  new Filter(ownOptions(TYPE, { language: 'js', condition })).apply(
    changeRecord('u', [1, 'a', null], [1, 'b', null]),
  ) !== null;

test('true keeps, false drops, anything else is a slip', () => {
  expect(kept("value.op == 'u'")).toBe(true);
  expect(kept('value.after.v === value.before.v')).toBe(false);
  expect(() => kept('value.after.v')).toThrow('condition gave string, not true or false');
});

test.each(['jsr223.groovy', 'wasm.chicory', 'python'])('%s is refused by its name', (language) => {
  const options = transformOptions(TYPE, { language, condition: 'true' });
  expect(() => transformSettings(options)).toThrow(language);
});
