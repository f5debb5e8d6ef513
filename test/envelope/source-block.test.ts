import { expect, test } from 'vitest';
import { sourceSchema, sourceStruct } from '../../src/envelope/source-block.ts';
import { BINLOG_OPTIONS, binlogOrigin, OPTIONS, origin } from '../rowpath/encoder-harness.ts';

test.each(['postgresql', 'mysql', 'mariadb'] as const)('the block of %s', (connector) => {
  const isBinlog = connector !== 'postgresql';
  const options = { ...(isBinlog ? BINLOG_OPTIONS : OPTIONS), connector };
  const at = isBinlog ? binlogOrigin() : origin();
  const { schema, values } = sourceStruct(at, { catalog: 'def', schema: 's', table: 't' }, options);
  expect(schema).toBe(sourceSchema(options));
  expect(schema.name).toBe(`io.debezium.connector.${connector}.Source`);
  expect(values).toHaveLength(schema.fields?.length ?? -1);
  expect(values.slice(0, 3)).toEqual(['0.1.0', connector, 'shop']);
});
