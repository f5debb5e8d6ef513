import { expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';
import { verifiedLines } from '../support/verified-shop.ts';

const search = await sharedSearch();

/** Under load, none of which may find anything. */
const RUNS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 20 : 1;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);

vi.setConfig({ testTimeout: 240_000 + RUNS * 20_000 });

/** Orders and lines come, go and change, and lines move; not those whose number ends in 7. */
async function change(database: TestDatabase, below: (end: number) => number): Promise<void> {
  const [order, n, other] = [below(30) * 10 + below(7), below(90) * 10 + below(7), below(300)];
  const to = Math.floor(other / 10) * 10 + (other % 7);
  const statements = [
    `UPDATE lines SET qty = qty + 1 WHERE n = ${n}`,
    // The note is large and stays: the source leaves it out.
    `UPDATE lines SET order_id = ${to} WHERE n = ${n} AND order_id % 10 < 7`,
    `UPDATE lines SET order_id = NULL WHERE n = ${n} AND order_id % 10 < 7`,
    `DELETE FROM lines WHERE n = ${n}`,
    `INSERT INTO lines VALUES (${n}, ${to}, 1, repeat('n', 3000)) ON CONFLICT DO NOTHING`,
    `UPDATE lines SET n = -n
      WHERE n = (SELECT min(n) FROM lines WHERE n IN (${n}, -${n}) HAVING count(*) = 1)`,
    `DELETE FROM orders WHERE id = ${order}`,
    `INSERT INTO orders VALUES (${order}, 'again') ON CONFLICT (id) DO UPDATE SET name = 'more'`,
  ];
  await database.query(`${statements[below(statements.length)]}; SELECT pg_sleep(0.004)`);
}

test(`lines in their orders, compared beside the daemon, and repaired (seed ${SEED})`, async () => {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE orders (id int PRIMARY KEY, name text);
     CREATE TABLE lines (n int PRIMARY KEY, order_id int, qty int, note text);
     INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 300) i;
     INSERT INTO lines SELECT i, i / 3, i, repeat(md5(i::text), 100)
       FROM generate_series(1, 900) i;`,
  );
  const port = await freeLoopbackPort();
  const topic = `${database.name}.public`;
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(database, { 'topic.prefix': database.name }),
    sinks: [
      {
        name: 'find',
        'connector.class': search.series.split('-')[0],
        'connection.url': search.url,
        'document.nest': `${topic}.lines into ${topic}.orders as lines by order_id`,
      },
    ],
    http: { listen: `127.0.0.1:${port}` },
  });
  await using daemon = Daemon.start({ ...pipeline, port });
  await daemon.until(({ sinks: [sink] }) => (sink?.applied ?? 0) >= 1200, 180_000);
  const random = randomFrom(SEED);
  const load = { over: false, statements: 0 };
  const done = (async () => {
    for (; !load.over; load.statements++) {
      await change(database, (end) => Math.floor(random() * end));
    }
  })();
  // Whoever waits for it hears of it.
  done.catch(() => undefined);
  try {
    for (let run = 0; run < RUNS; run++) {
      expect(await verifiedLines(pipeline.file)).toEqual({ code: 0, lines: [] });
    }
    await plant(`${topic}.orders`);
    const place = `${topic}.orders.lines`;
    expect(await verifiedLines(pipeline.file, '--table', 'public.lines', '--repair')).toEqual({
      code: 0,
      lines: [
        `public.lines 717 different ${place} qty repaired`,
        `public.lines 807 missing ${place} repaired`,
        `public.lines 897 different ${place} repaired`,
        `public.lines 99997 surplus ${place} repaired`,
      ],
    });
    expect(await verifiedLines(pipeline.file)).toEqual({ code: 0, lines: [] });
    expect(load.statements).toBeGreaterThan(50);
  } finally {
    load.over = true;
    await done;
  }
});

type Line = Readonly<Record<string, unknown>> & { readonly n: number };

/**
 * One line lost, one changed, one in another order, and one that nobody has: in orders whose lines
 * nobody changes.
 */
async function plant(index: string): Promise<void> {
  const edit = async (id: number, lines: (all: readonly Line[]) => readonly Line[]) => {
    const { body } = await askSearch(search, 'GET', `/${index}/_doc/${id}`);
    const { _source } = body as { readonly _source: { readonly lines: readonly Line[] } };
    const doc = { lines: lines(_source.lines) };
    const { status } = await askSearch(search, 'POST', `/${index}/_update/${id}`, { doc });
    expect(status).toBe(200);
  };
  await edit(269, (all) => all.filter(({ n }) => n !== 807));
  await edit(239, (all) => all.map((line) => (line.n === 717 ? { ...line, qty: -1 } : line)));
  let moved: readonly Line[] = [];
  await edit(299, (all) => {
    moved = all.filter(({ n }) => n === 897);
    return all.filter(({ n }) => n !== 897);
  });
  await edit(89, (all) => [...all, ...moved]);
  await edit(9, (all) => [...all, { n: 99_997, order_id: 9, qty: 1, note: null }]);
}
