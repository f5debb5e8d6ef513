import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

interface Shop extends AsyncDisposable {
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  readonly file: string;
  /** Runs the daemon until the condition holds in the target. */
  runUntil(condition: string): Promise<void>;
  differences(): Promise<unknown>;
}

/** A table with inserts, updates, deletes and key changes, copied and then left alone. */
async function shop(): Promise<Shop> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await freshDatabase());
  const target = stack.use(await freshDatabase());
  await source.query(
    `CREATE TABLE customers (id int PRIMARY KEY, name text);
     INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 100) n`,
  );
  const pipeline = stack.use(
    await pipelineFolder({
      name: 'shop',
      source: sourceSection(source),
      sinks: [{ name: 'warehouse', 'connector.class': 'jdbc', 'connection.url': target.url }],
      http: { listen: 'none' },
    }),
  );
  const { file } = pipeline;
  const bootstrap = await runProgram(['bootstrap', file]);
  expect(bootstrap).toMatchObject({ code: 0 });
  const kept = stack.move();
  return {
    source,
    target,
    file,
    async runUntil(condition) {
      const stop = new AbortController();
      const daemon = runProgram(['run', file], {}, stop.signal);
      try {
        await target.until(condition);
      } finally {
        stop.abort();
      }
      expect((await daemon).code).toBe(0);
    },
    async differences() {
      const all = 'SELECT id, name FROM customers ORDER BY id';
      const [wanted, found] = [await source.query(all), await target.query(all)];
      return wanted.length === found.length
        ? wanted.filter((row, i) => JSON.stringify(row) !== JSON.stringify(found[i]))
        : [wanted.length, found.length];
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Answer {
  readonly moves: readonly { readonly targetOffset: number; readonly after: number }[];
  readonly notes: readonly string[];
}

async function set(file: string, ...flags: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runProgram(['offsets', 'set', file, ...flags, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

describe('a sink that is sent back', () => {
  test('applies the log again and ends in the same table; skipping is told', async () => {
    await using pipeline = await shop();
    const { source, target, file } = pipeline;
    await source.query(
      `UPDATE customers SET name = 'x' WHERE id < 20; DELETE FROM customers WHERE id < 5;
       UPDATE customers SET id = id + 1000 WHERE id < 10; INSERT INTO customers VALUES (0, 'last')`,
    );
    await pipeline.runUntil('SELECT count(*) = 1 FROM customers WHERE id = 0');
    expect(await pipeline.differences()).toEqual([]);
    // Somebody has damaged the target; the log has everything.
    await target.query("DELETE FROM customers WHERE id > 50; UPDATE customers SET name = 'wrong'");

    const end = (await set(file, '--to-latest', '--dry-run')).moves[0]?.targetOffset ?? 0;
    expect(end).toBeGreaterThan(120);
    const planned = await set(file, '--sink', 'warehouse', '--to-earliest', '--dry-run');
    expect(planned.moves).toMatchObject([{ targetOffset: end, after: 0 }]);
    expect(planned.notes).toEqual([`${end} records will be applied again`]);
    expect(await target.query('SELECT next_offset::int AS n FROM tidemark_offsets')).toEqual([
      { n: end },
    ]);

    expect(await set(file, '--sink', 'warehouse', '--to-earliest')).toEqual({
      ...planned,
      dryRun: false,
    });
    expect(await target.query('SELECT next_offset::int AS n FROM tidemark_offsets')).toEqual([
      { n: 0 },
    ]);
    await pipeline.runUntil(`SELECT next_offset = ${end} FROM tidemark_offsets`);
    expect(await pipeline.differences()).toEqual([]);

    // Back by time: before the first record is the beginning.
    const byTime = await set(file, '--to-timestamp', '2020-01-01T00:00:00Z');
    expect(byTime.moves).toMatchObject([{ targetOffset: end, after: 0 }]);
    const topic = ['--topic', 'shop.public.customers', '--partition', '0'];
    const forward = await set(file, ...topic, '--to-offset', String(end));
    expect(forward.notes).toEqual([`${end} records will never be applied`]);
    const shown = await runProgram(['offsets', 'set', file, '--to-latest', '--dry-run']);
    expect(shown.stdout).toContain('shop.public.customers/0');
    expect(shown.stdout).toContain('Nothing was changed');
  });

  test('is refused while the daemon runs, which goes on', async () => {
    await using pipeline = await shop();
    const { source, target, file } = pipeline;
    const stop = new AbortController();
    const daemon = runProgram(['run', file], {}, stop.signal);
    try {
      await source.query("INSERT INTO customers VALUES (0, 'x')");
      await target.until('SELECT count(*) = 1 FROM customers WHERE id = 0');
      const refused = await runProgram(['offsets', 'set', file, '--to-earliest']);
      expect(refused.code).toBe(3);
      expect(refused.stderr).toMatch(/^STORE_LOCKED .*\ncure: Stop the other daemon/s);
      // Looking is allowed.
      expect((await set(file, '--to-earliest', '--dry-run')).moves).toHaveLength(1);
      await source.query("INSERT INTO customers VALUES (-1, 'y')");
      await target.until('SELECT count(*) = 1 FROM customers WHERE id = -1');
    } finally {
      stop.abort();
    }
    expect((await daemon).code).toBe(0);
    expect(await pipeline.differences()).toEqual([]);
  });
});
