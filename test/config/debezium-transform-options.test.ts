import { expect, test } from 'vitest';
import {
  DEBEZIUM_TRANSFORMS,
  REFUSED_TRANSFORMS,
  SCRIPT_FILTER,
} from '../../src/config/debezium-transform-options.ts';

test('names are the last part of the class; none is refused as well', () => {
  for (const [name, { java, sided }] of Object.entries(DEBEZIUM_TRANSFORMS)) {
    expect(java.startsWith('io.debezium.') && java.endsWith(`.${name}`)).toBe(true);
    expect(sided).toBe(false);
    expect(java in REFUSED_TRANSFORMS).toBe(false);
  }
  expect(SCRIPT_FILTER.java).toBe('io.debezium.transforms.Filter');
});
