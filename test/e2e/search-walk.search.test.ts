import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { must } from '../../src/foundation/assert.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { freshDatabase } from '../support/postgres.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();

test('the walk of the README: a shop that can be searched, in its ten lines', async () => {
  const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const [, chapter = ''] = readme.split('\n## Into Elasticsearch and OpenSearch\n');
  const lines = must(/```yaml\n(.*?)```/s.exec(chapter)?.[1], 'it has a file');
  expect(lines.trim().split('\n').length).toBe(10);
  const database = await freshDatabase();
  await database.query(`CREATE TABLE orders (id int PRIMARY KEY, price numeric(10,2), note text);
    CREATE TABLE lines (order_id int, n int, sku text, PRIMARY KEY (order_id, n));
    INSERT INTO orders VALUES (1, 9.90, 'two wheels'), (2, 0.10, 'a bell');
    INSERT INTO lines VALUES (1, 1, 'wheel')`);
  const port = await freeLoopbackPort();
  // Its own server and names, where others run beside it.
  const own = lines
    .replace('database.hostname: localhost', `database.hostname: ${database.host}`)
    .replace('database.dbname: shop', `database.dbname: ${database.name}`)
    .replace('database.user: tidemark', `database.user: ${database.user}`)
    .replace(
      'topic.prefix: shop',
      `topic.prefix: ${database.name}
  database.port: ${database.port}
  slot.name: slot_${database.name}`,
    )
    .replace('http://localhost:9200', search.url);
  await using pipeline = await pipelineFolder(`${own}http: { listen: 127.0.0.1:${port} }\n`);
  const env = { PGPASSWORD: database.password };
  const planned = await runProgram(['plan', pipeline.file], env);
  expect(planned.stdout).toContain(`${database.name}.public.orders`);
  await using daemon = Daemon.start({ ...pipeline, port, env });
  const found = async (text: string): Promise<unknown> => {
    const index = `/${database.name}.public.orders`;
    await askSearch(search, 'POST', `${index}/_refresh`);
    const { body } = await askSearch(search, 'GET', `${index}/_search?q=note:${text}`);
    const { hits } = (body as { readonly hits?: { readonly hits: readonly object[] } }).hits ?? {};
    return hits;
  };
  const hit = { _id: '1', _source: { id: 1, price: 9.9, note: 'two wheels' } };
  await eventually(async () => expect(await found('wheels')).toMatchObject([hit]));
  await database.query(`UPDATE orders SET note = 'sold' WHERE id = 1`);
  await eventually(async () => expect(await found('sold')).toMatchObject([{ _id: '1' }]));
  const line = await askSearch(
    search,
    'GET',
    `/${database.name}.public.lines/_doc/${encodeURIComponent('[1,1]')}`,
  );
  expect(line.body).toMatchObject({ _source: { sku: 'wheel' } });
  const verified = await runProgram(['verify', pipeline.file], env);
  expect(verified.stdout).toContain('3 rows of 2 tables compared: all equal');
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});
