import { describe, expect, test } from 'vitest';
import { SpanTable } from '../../../src/transport/embedded/span-table.ts';

const span = (firstOffset: number, endOffset: number, partition = 0) => ({
  segment: 1,
  storage: 1,
  partition,
  firstOffset,
  endOffset,
  bytes: 1,
});

describe('a table of spans', () => {
  test('finds those behind an offset, in the order of offsets', () => {
    const table = new SpanTable();
    for (const [from, to] of [
      [20, 30],
      [0, 10],
      [40, 50],
      [10, 20],
    ] as const) {
      table.insert(span(from, to));
    }
    table.insert(span(0, 99, 1));
    const behind = (offset: number): number[] =>
      [...table.behind(1, 0, offset)].map(({ firstOffset }) => firstOffset);
    expect(behind(0)).toEqual([0, 10, 20, 40]);
    expect(behind(19)).toEqual([10, 20, 40]);
    expect(behind(30)).toEqual([40]);
    expect(behind(50)).toEqual([]);
    expect(table.at(1, 0, 35)).toEqual(span(40, 50));
    expect(table.at(1, 2, 0)).toBeUndefined();
    table.clear();
    expect(table.at(1, 1, 0)).toBeUndefined();
  });

  test('puts parts in the place of a span, or nothing', () => {
    const table = new SpanTable();
    const whole = span(0, 30);
    table.insert(whole);
    table.insert(span(30, 40));
    table.replace(whole, [span(0, 10), span(20, 30)]);
    expect([...table.behind(1, 0, 0)]).toEqual([span(0, 10), span(20, 30), span(30, 40)]);
    expect(table.at(1, 0, 15)).toEqual(span(20, 30));
    table.replace(span(20, 30), []);
    expect(table.at(1, 0, 15)).toEqual(span(30, 40));
  });
});
