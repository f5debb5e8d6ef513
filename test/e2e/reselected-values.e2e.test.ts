import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';

import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

const ROWS = 100;
const ROUNDS = 4;
const SCHEMA = `
  CREATE TABLE doc (id int PRIMARY KEY, n int NOT NULL, body text, price numeric(9,2));
  ALTER TABLE doc ALTER body SET STORAGE EXTERNAL;
  INSERT INTO doc SELECT i, 0, repeat('body' || i, 2000), 1.5 FROM generate_series(1, ${ROWS}) i;`;
const SOURCE = `
  key.converter: json
  value.converter: json
  post.processors: fill
  fill.type: reselect
  fill.reselect.error.handling.mode: fail
  converters: price
  price.type: ./price.ts
  price.currency: EUR`;
const PRICE = `
  type Column = { readonly name: string };
  export default (column: Column, properties: Record<string, string>) =>
    column.name === 'price'
      ? { schema: { type: 'string' }, convert: (text: string) => text + properties['currency'] }
      : null;`;

test('killed while rows wait for their values: each change once, in order, complete', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSource: SOURCE });
  await writeFile(path.join(path.dirname(pipeline.file), 'price.ts'), PRICE);
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const { file, port } = pipeline;
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    expect(await daemon.stop()).toBe(0);
  }
  for (let round = 1; round <= ROUNDS; round++) {
    await source.query(`UPDATE doc SET n = n + 1`);
    const faultPoint = round % 2 === 0 ? 'source.appended' : 'source.batch-encoded';
    await using daemon = Daemon.start({ file, port, faultPoint });
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  const digest = (price: string): string =>
    `SELECT count(*)::int AS rows, md5(string_agg(id || ' ' || n || ' ' || body || ' ' || ${price},
       ',' ORDER BY id)) AS digest FROM doc`;
  const wanted = await source.query(digest(`price || 'EUR'`));
  await vi.waitFor(
    async () => {
      const got = await warehouse.query(digest('price'));
      expect(got.rows).toEqual(wanted.rows);
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(await daemon.stop()).toBe(0);
  const updates = (await logValues(pipeline.storePath)).filter(({ op }) => op === 'u');
  expect(updates).toHaveLength(ROWS * ROUNDS);
  expect(updates.map(({ after }) => after.n)).toEqual(
    Array.from({ length: ROWS * ROUNDS }, (_, i) => 1 + Math.floor(i / ROWS)),
  );
  expect(updates.filter(({ after }) => after.body !== `body${after.id}`.repeat(2000))).toEqual([]);
});

interface Value {
  readonly op: string;
  readonly after: { readonly id: number; readonly n: number; readonly body: string };
}

async function logValues(storePath: string): Promise<readonly Value[]> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  await using consumer = await transport.consumer({
    group: 'all',
    topics: ['copy.public.doc'],
    register: false,
  });
  const { signal } = new AbortController();
  const values: Value[] = [];
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    const records = fetched.flatMap((batch) => batch.records);
    if (records.length === 0) return values;
    for (const { value } of records) {
      values.push((JSON.parse(value?.toString() ?? '') as { payload: Value }).payload);
    }
  }
}
