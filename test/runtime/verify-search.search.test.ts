import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';
import { RowLoad, untilCopied, VERIFIED_SCHEMA, verifiedLines } from '../support/verified-shop.ts';

const search = await sharedSearch();

/** Under load, none of which may find anything. */
const RUNS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 20 : 0;

test('an index is compared beside the daemon, while rows change', async () => {
  const database = await freshDatabase();
  await database.query(VERIFIED_SCHEMA);
  const port = await freeLoopbackPort();
  await using pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(database, { 'topic.prefix': database.name }),
    sinks: [
      {
        name: 'find',
        'connector.class': search.series.split('-')[0],
        'connection.url': search.url,
      },
    ],
    http: { listen: `127.0.0.1:${port}` },
  });
  await using daemon = Daemon.start({ ...pipeline, port });
  await untilCopied(daemon);
  await using load = new RowLoad(database, 13);
  for (let run = 0; run < RUNS; run++) {
    expect(await verifiedLines(pipeline.file)).toEqual({ code: 0, lines: [] });
  }
  const document = (table: string, id: string): string =>
    `/${database.name}.public.${table}/_doc/${encodeURIComponent(id)}`;
  await askSearch(search, 'POST', document('orders', '107').replace('_doc', '_update'), {
    doc: { exact: '35.6666666666666666', doc: { b: 0 } },
  });
  await askSearch(search, 'DELETE', document('orders', '997'));
  for (const id of ['-7', '100007', 'nobody']) {
    await askSearch(search, 'PUT', document('orders', id), { id: 1 });
  }
  await askSearch(search, 'DELETE', document('lines', '[20456,"l-7"]'));
  await askSearch(search, 'PUT', document('lines', '[18321,"x"]'), {});
  // What no row can be has no key to be deleted by.
  expect(await verifiedLines(pipeline.file, '--repair')).toEqual({
    code: 1,
    lines: [
      'public.lines 2020-02-29/x surplus repaired',
      'public.lines 2026-01-03/l-7 missing repaired',
      'public.orders -7 surplus repaired',
      'public.orders 100007 surplus repaired',
      'public.orders 107 different exact doc repaired',
      'public.orders 997 missing repaired',
      'public.orders nobody surplus',
    ],
  });
  expect(load.statements).toBeGreaterThan(100);
});
