import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { scanIndex } from '../support/search-sink.ts';
import { sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const FAULT_POINTS = ALL ? ['sink.polled:2', 'sink.applied:3'] : ['sink.applied:3'];

/** What SQL says of orders with their lines, and what the index has. */
async function expectEqual(database: TestDatabase): Promise<void> {
  const rows = await database.query(
    `SELECT o.id::text AS id, to_jsonb(o) || jsonb_build_object('lines', coalesce(
         (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.order_id, l.n) FROM lines l
           WHERE l.order_id = o.id), '[]')) AS document
       FROM orders o`,
  );
  const expected = new Map(rows.map(({ id, document }) => [id, document]));
  await eventually(async () => {
    const found = await scanIndex(search, `${database.name}.public.orders`);
    expect(new Map(Object.entries(found))).toEqual(expected);
  });
}

test(`orders with their lines, killed in between: index = json_agg (seed ${SEED})`, async () => {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE orders (id int PRIMARY KEY, name text);
     CREATE TABLE lines (order_id int, n int, sku text, note text, PRIMARY KEY (order_id, n));
     INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 20) i;
     INSERT INTO lines SELECT i % 25, i, 'sku ' || i, repeat(md5(i::text), 200)
       FROM generate_series(1, 200) i;`,
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
        'errors.retry.delay.initial.ms': 100,
        'document.nest': `${topic}.lines into ${topic}.orders as lines by order_id`,
      },
    ],
    http: { listen: `127.0.0.1:${port}` },
  });
  const planned = await runProgram(['plan', pipeline.file]);
  expect(planned.stdout).toContain('"lines":{"type":"nested","properties":{"order_id"');
  const random = randomFrom(SEED);
  const below = (end: number): number => 1 + Math.floor(random() * end);
  const change = async (): Promise<void> => {
    const [n, order] = [below(220), below(25)];
    const statements = [
      // The note is large and stays: the source leaves it out.
      `UPDATE lines SET sku = sku || '!' WHERE n = ${n}`,
      // The key has the order: the row goes and comes again, without its note.
      `UPDATE lines SET order_id = ${order} WHERE (order_id, n) IN (
         SELECT min(order_id), n FROM lines WHERE n = ${n} GROUP BY n)
         AND NOT EXISTS (SELECT FROM lines WHERE order_id = ${order} AND n = ${n})`,
      `DELETE FROM lines WHERE n = ${n}`,
      `INSERT INTO lines VALUES (${order}, ${n}, 'new', repeat('n', 3000)) ON CONFLICT DO NOTHING`,
      `DELETE FROM orders WHERE id = ${order}`,
      `INSERT INTO orders VALUES (${order}, 'again') ON CONFLICT (id) DO UPDATE SET name = 'more'`,
    ];
    await database.query(statements[Math.floor(random() * statements.length)] as string);
  };
  for (const faultPoint of FAULT_POINTS) {
    await using daemon = Daemon.start({ ...pipeline, port, faultPoint });
    const load = { over: false };
    void daemon.ended.then(() => (load.over = true));
    while (!load.over) await change();
    expect((await daemon.ended).signal, `it said:\n${daemon.output}`).toBe('SIGKILL');
  }
  await using daemon = Daemon.start({ ...pipeline, port });
  for (let i = 0; i < 100; i++) await change();
  await daemon.until(({ source }) => source.phase === 'streaming');
  await expectEqual(database);
  await database.query('TRUNCATE lines; INSERT INTO lines VALUES (1, 1, $$last$$, NULL)');
  await expectEqual(database);
  const { sinks } = (await daemon.status()) ?? {};
  expect(sinks).toMatchObject([{ name: 'find', parked: [], connected: true }]);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});
