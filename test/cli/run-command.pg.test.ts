import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

function document(source: TestDatabase, target: TestDatabase, port: number | 'none'): unknown {
  return {
    name: 'shop',
    source: sourceSection(source),
    sinks: [{ name: 'warehouse', 'connector.class': 'jdbc', 'connection.url': target.url }],
    http: { listen: port === 'none' ? 'none' : `127.0.0.1:${port}` },
  };
}

async function shop(): Promise<TestDatabase> {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE customers (id int PRIMARY KEY, name text, balance numeric(10,2));
     INSERT INTO customers SELECT n, 'customer ' || n, n FROM generate_series(1, 500) n`,
  );
  return database;
}

describe('a pipeline from the first command to the last', () => {
  test('bootstrap, run, tail, offsets, status', async () => {
    await using source = await shop();
    await using target = await freshDatabase();
    await using pipeline = await pipelineFolder(document(source, target, 'none'));
    const { file, folder } = pipeline;

    const first = await runProgram(['bootstrap', file, '--json']);
    expect(first).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      done: true,
      snapshotRan: true,
      slot: `slot_${source.name}`,
      next: `tidemark run ${file}`,
    });
    expect(await target.query('SELECT count(*)::int AS n FROM customers')).toEqual([{ n: 500 }]);

    // The second call says that it is done.
    const again = await runProgram(['bootstrap', file]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('The snapshot was done before; the sinks have caught up.');

    const stop = new AbortController();
    const daemon = runProgram(['run', file], {}, stop.signal);
    await source.query(
      `UPDATE customers SET balance = -1.5 WHERE id = 7; DELETE FROM customers WHERE id = 8`,
    );
    await target.until('SELECT count(*) = 499 FROM customers');
    await target.until('SELECT balance = -1.5 FROM customers WHERE id = 7');
    // Another process reads while the daemon writes.
    const tailed = await runProgram([
      'tail',
      'shop.public.customers',
      '--file',
      file,
      '--json',
      '--limit',
      '3',
    ]);
    expect(tailed.code).toBe(0);
    const records = tailed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TailLine);
    expect(records.map(({ key, value }) => [key.id, value?.op ?? null])).toEqual([
      [7, 'u'],
      [8, 'd'],
      [8, null],
    ]);
    expect(records[0]?.value?.after).toEqual({ id: 7, name: 'customer 7', balance: '-1.50' });
    stop.abort();
    expect((await daemon).code).toBe(0);

    const list = await runProgram(['tail', '--list', '--path', path.join(folder, 'shop-data')]);
    expect(list.stdout).toMatch(/\nshop\.public\.customers +1 +503 +\d+\n/);
    const unknown = await runProgram(['tail', 'nothing', '--file', file]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/TOPIC_UNKNOWN .*\ncure: There are: .*shop\.public\.customers/);

    const offsets = await runProgram(['offsets', 'show', '--file', file, '--json']);
    const shown = JSON.parse(offsets.stdout) as {
      sources: { key: string }[];
      groups: { group: string }[];
    };
    expect(shown.sources.map(({ key }) => key)).toContain('["shop",{"server":"shop"}]');
    expect(shown.groups.map(({ group }) => group)).toEqual(['connect-warehouse']);
    const status = await runProgram(['status', file]);
    expect(status.stdout).toContain('No daemon answers.');
    expect(status.code).toBe(0);
  });

  test('plan shows what a run would make, and makes nothing', async () => {
    await using source = await shop();
    await using target = await freshDatabase();
    await using pipeline = await pipelineFolder(document(source, target, 'none'));
    const { code, stdout } = await runProgram(['plan', pipeline.file]);
    expect(code).toBe(0);
    expect(stdout).toContain(`slot slot_${source.name}: is created`);
    expect(stdout).toContain('CREATE PUBLICATION');
    expect(stdout).toContain('public.customers → shop.public.customers, key id');
    expect(stdout).toContain('subject shop.public.customers-value');
    expect(stdout).toContain('CREATE TABLE');
    expect(stdout).toContain('numeric(10,2)');
    expect(await source.query('SELECT 1 FROM pg_publication')).toEqual([]);
    expect(await target.query(`SELECT to_regclass('customers') AS t`)).toEqual([{ t: null }]);
  });

  test('a source that never streams leaves the daemon idle, until it is stopped', async () => {
    await using source = await shop();
    const port = await freeLoopbackPort();
    await using pipeline = await pipelineFolder({
      name: 'shop',
      source: sourceSection(source, { 'snapshot.mode': 'initial_only' }),
      http: { listen: `127.0.0.1:${port}` },
    });
    await using daemon = Daemon.start({ file: pipeline.file, port });
    const status = await daemon.until(({ source: { state } }) => state === 'ended');
    expect(status).toMatchObject({ healthy: true, source: { error: null } });
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/^debezium_metrics_SnapshotCompleted\{.*\} 1$/m);
    expect(metrics).toMatch(/^debezium_metrics_RowsScanned\{.*table="public.customers"\} [1-9]/m);
    expect(await daemon.stop()).toBe(0);
  });

  test('init writes a file that loads, without the password, and never over another', async () => {
    await using source = await shop();
    await using pipeline = await pipelineFolder('');
    const file = path.join(pipeline.folder, 'new.yaml');
    const made = await runProgram(['init', source.url, '-o', file]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain(source.password);
    expect(text).toContain('#   public.customers');
    const variable = `${source.name.toUpperCase()}_PASSWORD`;
    const config = loadPipelineFile(file, { [variable]: source.password });
    expect(config.warnings).toEqual([]);
    expect(config.source.options.string('database.port')).toBe(String(source.port));
    const checked = await runProgram(['check', file], { [variable]: source.password });
    expect(checked.code).toBe(0);
    const second = await runProgram(['init', source.url, '-o', file]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('new.yaml exists already');
  });
});

interface TailLine {
  readonly key: { readonly id: number };
  readonly value: { readonly op: string; readonly after: unknown } | null;
}
