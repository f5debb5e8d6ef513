import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { freshDatabase } from '../support/postgres.ts';
import { shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

/** Runs it with a standard output that nobody reads; its standard error, then its exit code. */
async function unread(args: readonly string[]): Promise<string> {
  const shell = `{ "$0" "$@"; echo "exit $?" >&2; } | true`;
  const child = spawn('sh', ['-c', shell, process.execPath, MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [told] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return told;
}

describe('beside a daemon', () => {
  test('check and plan say that it runs; nobody reading is no error', async () => {
    await using source = await shopDatabase();
    await using target = await freshDatabase();
    await using pipeline = await shopPipeline(source, target);
    const { file } = pipeline;
    const stop = new AbortController();
    const daemon = runProgram(['run', file], {}, stop.signal);
    await source.until(`SELECT count(*) = 1 FROM pg_replication_slots
      WHERE database = current_database() AND active AND confirmed_flush_lsn IS NOT NULL`);
    const results = await Promise.all([
      runProgram(['check', file]),
      runProgram(['plan', file]),
      runProgram(['check', file, '--json']),
    ]);
    const note = /^note: a daemon runs this pipeline already \(process \d+\); a second one/m;
    for (const { code, stdout, stderr } of results) if (code !== 0) expect.fail(stdout + stderr);
    expect(results[0].stderr).toMatch(note);
    expect(results[1].stderr).toMatch(note);
    expect(JSON.parse(results[2].stdout)).toMatchObject({ ok: true, notes: [expect.any(String)] });

    const second = await runProgram(['run', file]);
    expect(second).toMatchObject({ code: 3, stdout: '' });
    expect(second.stderr).toMatch(
      /^STORE_LOCKED {2}the store \S+ is in use by process \d+\ncure: .*\nMore: .*\n$/,
    );

    const commands = [
      ['status', file],
      ['plan', file, '--json'],
      ['explain'],
      ['explain', 'PG_AUTH'],
      ['offsets', 'show', '--file', file],
      ['tail', '--list', '--file', file],
    ];
    const told = await Promise.all(commands.map((args) => unread(args)));
    // The plan's note is all that may stand there.
    expect(told.map((lines) => lines.replace(/^note: .*\n/, ''))).toEqual(
      commands.map(() => 'exit 0\n'),
    );
    stop.abort();
    expect((await daemon).code).toBe(0);
  });
});

test('check and plan tell that the store cannot be written', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await using probe = await shopPipeline(source, target);
  const inTheWay = path.join(probe.folder, 'file');
  await writeFile(inTheWay, '');
  const transport = { type: 'embedded', path: path.join(inTheWay, 'store') };
  await using pipeline = await shopPipeline(source, target, { rest: { transport } });
  const commands = ['check', 'plan', 'run', 'bootstrap'];
  const results = await Promise.all(commands.map((name) => runProgram([name, pipeline.file])));
  for (const [index, { code, stderr }] of results.entries()) {
    expect({ command: commands[index], code }).toEqual({ command: commands[index], code: 3 });
    expect(stderr).toMatch(
      /^STORE_OPEN {2}cannot .*\ncure: Check transport\.path: .*\nMore: .*\n$/,
    );
  }
});

test('a warning without a cure ends with its message', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await source.query('CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)');
  const change = { source: { 'table.include.list': 'public\\.t,public\\.scratch' } };
  await using pipeline = await shopPipeline(source, target, change);
  for (const command of ['check', 'plan']) {
    const { code, stderr } = await runProgram([command, pipeline.file]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/scratch is not captured: changes of an? .* are not in the WAL\n/);
  }
});
