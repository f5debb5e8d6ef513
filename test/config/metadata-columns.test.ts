import { expect, test } from 'vitest';
import { METADATA_COLUMNS } from '../../src/config/metadata-columns.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const TARGETS = [
  { 'connector.class': 'elasticsearch', 'connection.url': 'http://localhost:9200' },
  { 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' },
];

test.each(TARGETS)('$connector.class takes every name, and no other', (target) => {
  const parse = (names: string) =>
    parsedPipeline({ sinks: [{ name: 's', ...target, 'metadata.columns': names }] }).sinks[0];
  const all = METADATA_COLUMNS.join(',');
  expect(parse(all)?.options.list('metadata.columns')).toEqual(METADATA_COLUMNS);
  expect(() => parse('op,when')).toThrow('does not know when; there are op, source_ts');
});
