import { expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

interface Health {
  readonly status: number;
  readonly reasons: readonly string[];
}

async function healthOf(port: number): Promise<Health> {
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  const { reasons } = (await response.json()) as Pick<Health, 'reasons'>;
  return { status: response.status, reasons };
}

test('while the server is away the health says so all the time, and nothing is lost', async () => {
  await using pipeline = await daemonPipeline({
    schema: `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')`,
  });
  const { file, port, server } = pipeline;
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ source, healthy }) => source.phase === 'streaming' && healthy);
  const before = await pipeline.connect('source');
  await before.query(`INSERT INTO t SELECT n, 'before' FROM generate_series(2, 500) n`);
  await server.stop('fast');
  await vi.waitFor(async () => expect((await healthOf(port)).status).toBe(503), 60_000);
  // Several attempts long: while one is made it is not well either.
  const attempts = (): number => daemon.output.split('will be tried again').length;
  const enough = attempts() + 4;
  while (attempts() < enough) {
    const health = await healthOf(port);
    expect(health).toMatchObject({ status: 503 });
    expect(health.reasons).toContainEqual(expect.stringMatching(/^source: PG_[A-Z_]+: /));
  }
  await server.start();
  const after = await pipeline.connect('source');
  await after.query(`UPDATE t SET v = 'after' WHERE id % 2 = 0; DELETE FROM t WHERE id = 1`);
  await vi.waitFor(
    async () => expect(await healthOf(port)).toEqual({ status: 200, reasons: [] }),
    30_000,
  );
  const rows = 'SELECT id, v FROM t ORDER BY id';
  const wanted = (await after.query(rows)).rows;
  const warehouse = await pipeline.connect('warehouse');
  await vi.waitFor(async () => expect((await warehouse.query(rows)).rows).toEqual(wanted), 30_000);
  expect(await daemon.stop()).toBe(0);
});
