import { expect, test } from 'vitest';
import { DEBEZIUM_TRANSFORMS } from '../../src/config/debezium-transform-options.ts';
import { MAKE_DEBEZIUM } from '../../src/transform/debezium-transforms.ts';
import { Filter } from '../../src/transform/debezium/filter.ts';
import { ownOptions } from '../support/transform-records.ts';

test('each class of the table can be made, and the Filter that shares its name', () => {
  const wanted = [...Object.keys(DEBEZIUM_TRANSFORMS), 'ScriptFilter'];
  expect(Object.keys(MAKE_DEBEZIUM).toSorted()).toEqual(wanted.toSorted());
  const given = { language: 'js', condition: 'true' };
  const options = ownOptions('io.debezium.transforms.Filter', given);
  expect(MAKE_DEBEZIUM.ScriptFilter(options, 'value', () => undefined, null)).toBeInstanceOf(
    Filter,
  );
});
