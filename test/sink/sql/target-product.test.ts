import { expect, test } from 'vitest';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { defaultSchemaOf, targetOf } from '../../../src/sink/sql/target-product.ts';

test.each([
  ['postgres://u@h/d', 'postgres', 'public'],
  ['jdbc:postgresql://h/d', 'postgres', 'public'],
  ['mysql://u@h/d', 'mysql', 'd'],
  ['jdbc:mariadb://h/shop', 'mysql', 'shop'],
  ['sqlite:/data/shop.db', 'sqlite', 'main'],
  ['jdbc:sqlite:shop.db', 'sqlite', 'main'],
  ['duckdb:/data/shop.db', 'duckdb', 'main'],
  ['jdbc:duckdb:shop.db?threads=2', 'duckdb', 'main'],
])('%s speaks %s, and puts tables into %s', (connectionUrl, dialect, schema) => {
  const options = { ...SQL_SINK_DEFAULTS, name: 's', connectionUrl };
  expect(targetOf(options).dialect.name).toBe(dialect);
  expect(defaultSchemaOf(connectionUrl)).toBe(schema);
});
