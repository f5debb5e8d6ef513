import { expect, test } from 'vitest';
import { transformSettings } from '../../../src/config/transform-options.ts';
import { transformChain } from '../../../src/transform/transform-chain.ts';
import { PassThrough } from '../../../src/transform/debezium/pass-through.ts';
import { changeRecord, transformOptions } from '../../support/transform-records.ts';

test('the record is the same, and it is told once that nobody listens', () => {
  const warnings: string[] = [];
  const transform = new PassThrough('nobody', (text) => warnings.push(text));
  const record = changeRecord('c', null, [1, 'a', null]);
  expect([transform.apply(record), transform.apply(record)]).toEqual([record, record]);
  expect(warnings).toEqual(['has no effect: nobody']);
});

test.each([
  ['io.debezium.transforms.tracing.ActivateTracingSpan', { 'tracing.operation.name': 'x' }],
  ['io.debezium.transforms.openlineage.OpenLineage', {}],
])('%s passes records on and says so', async (type, own: Record<string, string>) => {
  const warnings: string[] = [];
  const apply = await transformChain(transformSettings(transformOptions(type, own)), {
    folder: '/',
    warn: (text) => warnings.push(text),
  });
  const record = changeRecord('c', null, [1, 'a', null]);
  expect(apply(record)).toBe(record);
  expect(warnings).toEqual([expect.stringMatching(/^transforms\.t: has no effect: /)]);
});
