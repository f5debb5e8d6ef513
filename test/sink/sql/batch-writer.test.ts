import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnChunks } from '../../../src/sink/sql/batch-writer.ts';

test('chunks hold every row once, in order, within the limits', () => {
  const rows = fc.array(fc.tuple(fc.option(fc.string()), fc.constant(undefined), fc.string()));
  const limits = fc.record({
    batchRows: fc.integer({ min: 1, max: 7 }),
    batchBytes: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(rows, limits, (all, limit) => {
      const chunks = [...columnChunks([0, 2], all, limit)];
      expect(chunks.flatMap((chunk) => chunk.columns[0])).toEqual(all.map((row) => row[0]));
      expect(chunks.flatMap((chunk) => chunk.columns[1])).toEqual(all.map((row) => row[2]));
      for (const { rows: count, columns } of chunks) {
        expect(columns[0]).toHaveLength(count);
        expect(count).toBeLessThanOrEqual(limit.batchRows);
        // Without its last row a chunk is under the limit: one large row alone still passes.
        const bytes = columns.flatMap((values) => values.slice(0, -1)).join('').length;
        expect(bytes).toBeLessThan(limit.batchBytes);
      }
    }),
  );
});
