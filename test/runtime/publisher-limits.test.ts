import { expect, test } from 'vitest';
import { publisherLimits } from '../../src/runtime/publisher-limits.ts';
import { PUBLISHER_LIMITS } from '../../src/runtime/record-publisher.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const KAFKA = { type: 'kafka', 'bootstrap.servers': 'localhost:9092' };

test('the embedded log has its own', () => {
  expect(publisherLimits(parsedPipeline())).toBe(PUBLISHER_LIMITS);
});

test('a source lingers as its producer says, and ends transactions where it says', () => {
  const limits = (source: Readonly<Record<string, unknown>>) =>
    publisherLimits(parsedPipeline({ transport: KAFKA, source }));
  expect(limits({ 'producer.override.linger.ms': 20 })).toMatchObject({ lingerMs: 20 });
  const connector = { 'transaction.boundary': 'connector' };
  expect(limits(connector).boundary).toEqual({ kind: 'poll' });
  const required = { 'exactly.once.support': 'required' };
  expect(limits({ ...required, ...connector }).boundary).toEqual({ kind: 'connector' });
  const interval = { 'transaction.boundary': 'interval', 'transaction.boundary.interval.ms': 250 };
  expect(limits({ ...required, ...interval }).boundary).toEqual({
    kind: 'interval',
    intervalMs: 250,
  });
});
