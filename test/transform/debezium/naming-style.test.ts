import { expect, test } from 'vitest';
import { styledName } from '../../../src/transform/debezium/naming-style.ts';

/** Taken from the original, Debezium 3.6.0 (NamingStyleUtils on Java 17). */
test.each([
  ['snake_case', 'MyTable', 'my_table'],
  ['snake_case', 'customerID', 'customer_id'],
  ['snake_case', 'HTTPServer', 'httpserver'],
  ['snake_case', 'x1Y2', 'x_1y_2'],
  ['snake_case', 'server.schema.MyTable', 'server_schema_my_table'],
  ['snake_case', 'straße_Ä', 'straße_ä'],
  ['camel_case', 'MyTable', 'mytable'],
  ['camel_case', '_x', 'X'],
  ['camel_case', 'x_', 'x'],
  ['camel_case', 'a..b_c', 'aBC'],
  ['camel_case', 'ßen_ßen', 'ßenßen'],
  ['upper_case', 'Größe', 'GRÖSSE'],
  ['lower_case', 'ÄNDERUNG', 'änderung'],
  ['default', 'MyTable', 'MyTable'],
] as const)('%s of %s is %s', (style, name, wanted) => {
  expect(styledName(name, { prefix: '', suffix: '', style })).toBe(wanted);
  expect(styledName(name, { prefix: 'A.', suffix: '_b', style })).toBe(`A.${wanted}_b`);
});
