import { describe, test } from 'vitest';
import {
  appendConformance,
  documentConformance,
  statisticsConformance,
  topicConformance,
} from './conformance-of-appends.ts';
import { generationConformance, groupConformance } from './conformance-of-groups.ts';
import { consumerConformance } from './conformance-of-readers.ts';
import type { ConformanceLog } from './log-reading.ts';

/** What every driver of the transport port must do; written against the port alone. */
export function transportConformance(name: string, make: () => Promise<ConformanceLog>): void {
  const parts = {
    topics: topicConformance,
    append: appendConformance,
    consumer: consumerConformance,
    groups: groupConformance,
    generations: generationConformance,
    documents: documentConformance,
    statistics: statisticsConformance,
  };
  for (const [part, tests] of Object.entries(parts)) {
    describe(`${name}: ${part}`, () => {
      test.each(Object.entries(tests))('%s', (_, run) => run(make));
    });
  }
}
