import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { type PipelineFolder, pipelineFolder } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { type ShopChange, shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';
import { startProxy } from '../support/tcp-proxy.ts';

/** The bytes of every file under a folder, as text. */
async function contents(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) =>
    readFile(path.join(parentPath, name), 'latin1'),
  );
  return (await Promise.all(texts)).join('\n');
}

const down = { 'connection.url': 'jdbc:postgresql://127.0.0.1:1/w' };

describe('a first start in an environment that is not ready', () => {
  test('ends at once with one clear error, leaves no slot and tells no password', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    const cases: readonly (readonly [code: string, change: ShopChange])[] = [
      ['PG_AUTH', { source: { 'database.password': 'hunter2' } }],
      ['PG_DATABASE_MISSING', { source: { 'database.dbname': 'nowhere' } }],
      ['PG_CONNECT', { source: { 'database.port': 1 } }],
      ['SINK_CONNECT', { sink: down }],
      ['SINK_AUTH', { sink: { 'connection.password': 'hunter2' } }],
      ['STORE_OPEN', { rest: { transport: { type: 'embedded', path: '/proc/none/store' } } }],
      ['HTTP_LISTEN', { rest: { http: { listen: `127.0.0.1:${source.port}` } } }],
    ];
    const run = async ([code, change]: (typeof cases)[number], command: string): Promise<void> => {
      await using pipeline = await shopPipeline(source, target, change);
      const result = await runProgram([command, pipeline.file]);
      expect({ command, ...result }).toMatchObject({ code: 3, stdout: '' });
      expect(result.stderr).toMatch(new RegExp(`^${code}  .+\ncure: .+\nMore: tidemark explain`));
      expect(result.stderr).not.toContain('hunter2');
      expect(result.stderr).not.toContain(source.password);
    };
    await Promise.all(cases.map((entry) => run(entry, 'run')));
    await Promise.all(cases.slice(0, 5).map((entry) => run(entry, 'bootstrap')));
    const left = 'SELECT 1 FROM pg_replication_slots WHERE database = current_database()';
    expect(await source.query(left)).toEqual([]);
  });
});

describe('a later start', () => {
  test('waits for the source, and says loudly that a sink is refused', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await using proxy = await startProxy(source);
    const port = await freeLoopbackPort();
    const at = { 'database.port': proxy.port, 'errors.retry.delay.initial.ms': 50 };
    const rest = { http: { listen: `127.0.0.1:${port}` } };
    await using pipeline = await shopPipeline(source, target, { source: at, rest });
    expect(await runProgram(['bootstrap', pipeline.file])).toMatchObject({ code: 0 });

    const text = await readFile(pipeline.file, 'utf8');
    const faulty = JSON.parse(text) as { sinks: Record<string, unknown>[]; source: object };
    Object.assign(faulty.source, { 'database.port': 1 });
    Object.assign(faulty.sinks[0] ?? {}, { 'connection.password': 'hunter2' });
    await using other = await pipelineFolder({
      ...faulty,
      transport: { type: 'embedded', path: path.join(pipeline.folder, 'shop-data') },
    });
    await using daemon = Daemon.start({ file: other.file, port });
    await daemon.until(
      (status) => status.sinks[0]?.state === 'failed' && status.source.state === 'backing-off',
    );
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(health.status).toBe(503);
    expect(daemon.output).toContain('THIS SINK IS FED NO MORE');
    expect(daemon.output).toMatch(/"code":"PG_CONNECT".*task will be tried again/);
    const status = await runProgram(['status', other.file]);
    expect(status.stdout).toMatch(/SINK_AUTH .*\n {2}cure: /);
    expect(await daemon.stop()).toBe(0);
    for (const told of [daemon.output, status.stdout, await contents(pipeline.folder)]) {
      expect(told.replaceAll(text, '')).not.toContain('hunter2');
    }

    // The same store, the environment mended: it goes on.
    await using again = Daemon.start({ file: pipeline.file, port });
    await source.query(`INSERT INTO t VALUES (3, 'c')`);
    await target.until('SELECT count(*) = 3 FROM t');
    expect(await again.stop()).toBe(0);
    const kept = await contents(path.join(pipeline.folder, 'shop-data'));
    expect(kept).not.toContain(source.password);
  });

  test('with a new store takes a new snapshot, and the target loses what is gone', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await using pipeline = await shopPipeline(source, target);
    expect(await runProgram(['bootstrap', pipeline.file])).toMatchObject({ code: 0 });
    const slot = `slot_${source.name}`;
    await source.query(`SELECT pg_drop_replication_slot('${slot}')`);
    const lost = await runProgram(['run', pipeline.file, '--json']);
    expect(lost.code).toBe(3);
    expect(lost.stdout).toContain('PG_SLOT_LOST');
    // The log as JSON lines, whatever the file says.
    for (const line of lost.stderr.trimEnd().split('\n')) JSON.parse(line);

    await rm(path.join(pipeline.folder, 'shop-data'), { recursive: true });
    await source.query(`DELETE FROM t WHERE id = 1; UPDATE t SET v = 'new' WHERE id = 2`);
    expect(await runProgram(['bootstrap', pipeline.file])).toMatchObject({ code: 0 });
    expect(await target.query('TABLE t')).toEqual([{ id: 2, v: 'new' }]);
  });
});

test('names that nobody should choose keep their letters, under Avro', async () => {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query(
    `CREATE SCHEMA "My Schema";
     CREATE TABLE "My Schema"."1 Table.x" ("Id" int PRIMARY KEY, "first name" text, "a.b" int,
       "q""uote" text, "ünïcode" text, "2nd" numeric(6,2), "select" bool);
     INSERT INTO "My Schema"."1 Table.x" VALUES (1, 'n', 2, 'q', 'ü', 1.5, true)`,
  );
  await using pipeline = await shopPipeline(source, target);
  expect(await runProgram(['bootstrap', pipeline.file])).toMatchObject({ code: 0 });
  const stop = new AbortController();
  const daemon = runProgram(['run', pipeline.file], {}, stop.signal);
  await source.query(`UPDATE "My Schema"."1 Table.x" SET "2nd" = 2.5, "q""uote" = 'new'`);
  await target.until(`SELECT "2nd" = 2.5 FROM "My Schema"."1 Table.x"`);
  stop.abort();
  expect((await daemon).code).toBe(0);
  const [row] = await target.query(`TABLE "My Schema"."1 Table.x"`);
  expect(row).toEqual((await source.query(`TABLE "My Schema"."1 Table.x"`))[0]);
  expect(Object.keys(row ?? {})).toEqual([
    'Id',
    'first name',
    'a.b',
    'q"uote',
    'ünïcode',
    '2nd',
    'select',
  ]);
});

describe('a running daemon', () => {
  test('keeps what an idle source confirmed moving, and warns of a table without key', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await source.query('CREATE TABLE bare (a int)');
    await using pipeline = await shopPipeline(source, target, {
      source: { 'heartbeat.interval.ms': 200, 'status.update.interval.ms': 200 },
    });
    const stop = new AbortController();
    const daemon = runProgram(['run', pipeline.file], {}, stop.signal);
    const slot = `slot_${source.name}`;
    await source.until(`SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = '${slot}'
      AND confirmed_flush_lsn IS NOT NULL AND active`);
    const now = 'SELECT pg_current_wal_lsn()::text AS lsn';
    const [end] = await source.query<{ lsn: string }>(now);
    await source.until(
      'SELECT confirmed_flush_lsn > $1 FROM pg_replication_slots WHERE slot_name = $2',
      [end?.lsn, slot],
    );
    stop.abort();
    const { code, stderr } = await daemon;
    expect(code).toBe(0);
    expect(stderr).toMatch(/replica identity: public\.bare\. ALTER TABLE/);
    // A reader that leaves early is no error.
    const shell = `"$0" "$@" | head -1`;
    const main = path.resolve(import.meta.dirname, '../../src/main.ts');
    const tail = ['tail', 'shop.public.t', '--from-beginning', '--json', '--file', pipeline.file];
    const piped = spawn('sh', ['-c', shell, process.execPath, main, ...tail]);
    let told = '';
    piped.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    expect(await once(piped, 'close')).toEqual([0, null]);
    expect(told).toBe('');
  });

  interface Streaming {
    readonly pipeline: PipelineFolder;
    readonly daemon: Daemon;
  }

  /** A daemon that has copied what there is, reading by the port that is given. */
  async function streaming(
    source: TestDatabase,
    target: TestDatabase,
    sourcePort: number,
    timeout: string,
  ): Promise<Streaming> {
    const port = await freeLoopbackPort();
    const pipeline = await shopPipeline(source, target, {
      source: { 'database.port': sourcePort },
      rest: {
        http: { listen: `127.0.0.1:${port}` },
        runtime: { 'task.shutdown.graceful.timeout.ms': timeout },
      },
    });
    const daemon = Daemon.start({ file: pipeline.file, port });
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await target.until(`SELECT to_regclass('t') IS NOT NULL`);
    await target.until('SELECT count(*) = 2 FROM t');
    return { pipeline, daemon };
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at the second %s', async (signal, code) => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await using proxy = await startProxy(source);
    const { pipeline, daemon } = await streaming(source, target, proxy.port, '60s');
    await using _pipeline = pipeline;
    await using _daemon = daemon;
    // A stop waits for the server, which does not answer any more.
    proxy.silent = true;
    daemon.kill(signal);
    // The second is heard as such a second later: a terminal sends the first one twice.
    const again = systemClock.after(1500, () => daemon.kill(signal));
    expect(await daemon.ended).toEqual({ code, signal: null });
    again();
  });

  test('gives up a stop that the server does not answer after its time', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await using proxy = await startProxy(source);
    const { pipeline, daemon } = await streaming(source, target, proxy.port, '500ms');
    await using _pipeline = pipeline;
    await using _daemon = daemon;
    proxy.silent = true;
    expect(await daemon.stop()).toBe(1);
    expect(daemon.output).toMatch(/SHUTDOWN_TIMEOUT {2}.*\ncure: State is safe/);
  });

  test('whose target is locked stops in order all the same, and loses nothing', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    const { pipeline, daemon } = await streaming(source, target, source.port, '30s');
    await using _pipeline = pipeline;
    await using _daemon = daemon;
    const holder = await target.connect();
    await holder.query('BEGIN; LOCK TABLE t');
    await source.query(`INSERT INTO t VALUES (3, 'c')`);
    await target.until(`SELECT count(*) > 0 FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND datname = current_database()`);
    expect(await daemon.stop()).toBe(0);
    await holder.query('ROLLBACK');
    const again = await runProgram(['bootstrap', pipeline.file]);
    expect(again.stdout).toMatch(/was done before.*\nSlot .* WAL held: (?!not known)/);
    expect(await target.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 3 }]);
  });
});
