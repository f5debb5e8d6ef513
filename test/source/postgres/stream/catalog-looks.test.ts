import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { SchemaChange } from '../../../../src/model/change-event.ts';
import { CatalogLooks } from '../../../../src/source/postgres/stream/catalog-looks.ts';
import type { Querier } from '../../../../src/source/postgres/wire/catalog-session.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { schemaOf } from '../../../support/shape-fixtures.ts';

const ADDRESS = { host: 'nowhere', port: 1, user: 'u', password: 'p', name: 'd' };
const table = schemaOf({ id: { type: 'int32', optional: false } });
const change: SchemaChange = { table, previous: null, position: '0/10' };

/** Looks over a watch that writes down what it is asked. */
function looksOver(
  asked: string[],
  watch: { told: boolean; during?: () => Promise<void>; leaves?: boolean },
) {
  const { signal } = new AbortController();
  const publication = {
    isKnown: true,
    sendsGenerated: false,
    look: () => Promise.resolve(null),
  };
  const parts = {
    options: sourceOptionsFor(ADDRESS),
    clock: systemClock,
    snapshots: {
      captured: [],
      readAgain: () => undefined,
      finished: { isDone: () => false, isDurable: () => true, keep: () => undefined },
    },
    note: () => undefined,
    warn: () => undefined,
  };
  const looks = new CatalogLooks(parts, publication, () => ({
    hasTold: () => watch.told,
    look: async () => {
      asked.push('look');
      await watch.during?.();
      asked.push('looked');
      return watch.leaves ?? false;
    },
    told: () => {
      asked.push('told');
      watch.told = true;
      return Promise.resolve();
    },
    lookFor: async () => {
      asked.push('for');
      watch.told = true;
      await Promise.resolve();
    },
  }));
  return { looks, catalog: (querier: Querier) => ({ querier, clock: systemClock, signal }) };
}

/** Sees the transactions below `xmax` alone, which goes up by one with each question. */
function snapshots(asked: string[], xmax: number): Querier {
  return {
    query: (sql) => {
      asked.push(sql.includes('pg_current_snapshot') ? `snapshot ${xmax}` : sql);
      const row = [`${xmax}:${xmax}:`, 'f'];
      xmax++;
      return Promise.resolve([{ columns: [], rows: [row], command: '' }]);
    },
  };
}

test('where a shape was told already, nothing is asked', async () => {
  const asked: string[] = [];
  const { looks, catalog } = looksOver(asked, { told: true });
  await looks.tellFirst(change, 7, catalog(snapshots(asked, 5)));
  expect(asked).toEqual([]);
});

test('who brought the shape is waited for, then the catalog is asked', async () => {
  const asked: string[] = [];
  const { looks, catalog } = looksOver(asked, { told: false });
  await looks.tellFirst(change, 7, catalog(snapshots(asked, 6)));
  await looks.tellFirst(change, 7, catalog(snapshots(asked, 6)));
  expect(asked).toEqual(['snapshot 6', 'snapshot 7', 'snapshot 8', 'for']);
});

test('a shape of the catalog itself waits for nobody', async () => {
  const asked: string[] = [];
  const { looks, catalog } = looksOver(asked, { told: false });
  await looks.tellFirst(change, null, catalog(snapshots(asked, 6)));
  expect(asked).toEqual(['for']);
});

test('looks never overlap, and one that fails does not keep others', async () => {
  const asked: string[] = [];
  const held = Promise.withResolvers<void>();
  const watch = { told: false, during: () => held.promise };
  const { looks, catalog } = looksOver(asked, watch);
  const querier: Querier = { query: () => Promise.resolve([]) };
  const stream = { reaches: () => Promise.resolve() };
  const first = looks.look(querier, stream, new AbortController().signal);
  const second = looks.tellFirst(change, null, catalog(querier));
  await expect.poll(() => asked.join(' ')).toBe('look');
  held.reject(new Error('the connection is gone'));
  await expect(first).rejects.toThrow('is gone');
  await second;
  expect(asked).toEqual(['look', 'for']);
});

test('what is left to the stream is waited for, then told in any case', async () => {
  const asked: string[] = [];
  const { looks } = looksOver(asked, { told: false, leaves: true });
  const querier: Querier = { query: () => Promise.resolve([]) };
  const { signal } = new AbortController();
  const stream = {
    reaches: (_querier: Querier, withinMs: number) => {
      asked.push(`within ${withinMs}`);
      return Promise.resolve();
    },
  };
  // What was done before the start is nothing that anybody waits for.
  await looks.look(querier, stream, signal);
  await looks.look(querier, stream, signal);
  const look = ['look', 'looked'];
  expect(asked).toEqual([...look, 'within 10000', 'for', ...look, 'within 500', 'for']);
});
