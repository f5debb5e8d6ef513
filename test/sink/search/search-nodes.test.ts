import { describe, expect, test } from 'vitest';
import { SearchNodes } from '../../../src/sink/search/search-nodes.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { searchConnection } from '../../support/search-connection.ts';

function three(): { clock: FakeClock; nodes: SearchNodes; order: () => readonly string[] } {
  const clock = new FakeClock();
  const urls = ['http://a:1', 'http://b:1', 'http://c:1'];
  const nodes = new SearchNodes(searchConnection(urls), clock);
  const order = (): readonly string[] =>
    nodes.inOrder().map(({ address }) => address.slice('http://'.length, -':1'.length));
  return { clock, nodes, order };
}

describe('the order of the nodes', () => {
  test('each is first in its turn', () => {
    const { order } = three();
    expect([order(), order(), order(), order()]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  test('one that failed is last, twice as long after each failure, up to a minute', () => {
    const { clock, nodes, order } = three();
    const b = nodes.inOrder()[1] as never;
    const avoidedMs = (): number => {
      nodes.failed(b);
      for (let ms = 0; ms <= 120_000; ms += 1000) {
        const first = [order()[0], order()[0], order()[0]];
        if (first.includes('b')) return ms;
        clock.advance(1000);
      }
      return Number.NaN;
    };
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(avoidedMs)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
    ]);
    nodes.answered(b);
    expect(avoidedMs()).toBe(1000);
  });

  test('when all failed, the one that is due first is asked first, and none is left out', () => {
    const { clock, nodes, order } = three();
    const [a, b, c] = nodes.inOrder() as never[];
    for (const node of [c, a, b] as never[]) {
      nodes.failed(node);
      clock.advance(100);
    }
    expect([order(), order(), order()]).toEqual([
      ['c', 'a', 'b'],
      ['c', 'a', 'b'],
      ['c', 'a', 'b'],
    ]);
  });
});

test('an address in messages has neither user nor path', () => {
  const urls = 'https://cdc:hidden@search.example:9243/path/';
  const [node] = new SearchNodes(searchConnection(urls), new FakeClock()).inOrder();
  expect([node?.address, node?.prefix]).toEqual(['https://search.example:9243', '/path']);
});
