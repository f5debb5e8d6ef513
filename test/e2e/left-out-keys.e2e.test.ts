import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';
import { shopPipeline } from '../support/shop-pipeline.ts';

const SOURCE = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'publication.autocreate.mode': 'filtered',
  'column.exclude.list': 'public\\.item\\.(id|hidden)',
  'custom.metric.tags': 'team=shop, stage=test',
};

test('a target gets the key of rows that do not have it, and metrics their tags', async () => {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query(`CREATE TABLE item (id int PRIMARY KEY, n int, hidden text);
    INSERT INTO item SELECT g, g, 'x' FROM generate_series(1, 50) g`);
  const port = await freeLoopbackPort();
  await using pipeline = await shopPipeline(source, target, {
    source: SOURCE,
    rest: { http: { listen: `127.0.0.1:${port}` } },
  });
  const { file } = pipeline;
  const checked = await runProgram(['check', file]);
  expect(checked.code).toBe(0);
  expect(checked.stderr).toContain('public.item.id is left out of the rows, and stays in the key');
  {
    await using daemon = Daemon.start({ file, port });
    await daemon.until((status) => status.source.connected && status.sinks[0]?.applied === 50);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/^debezium_metrics_Connected\{.*,team="shop",stage="test"\} 1$/m);
    await source.query('UPDATE item SET n = n + 100 WHERE id % 2 = 0');
    daemon.kill();
    await daemon.ended;
  }
  await source.query(`UPDATE item SET id = id + 1000 WHERE id > 40; DELETE FROM item WHERE id < 10;
    INSERT INTO item VALUES (2000, NULL, 'y')`);
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  const wanted = await source.query('SELECT id, n FROM item ORDER BY id');
  await expect
    .poll(() => target.query('SELECT * FROM item ORDER BY id'), { timeout: 60_000 })
    .toEqual(wanted);
});
