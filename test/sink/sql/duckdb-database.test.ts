import { execFile } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { joinDatabase } from '../../../src/sink/sql/duckdb-database.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const member = () => ({ destroy: () => undefined });
const OTHER = `import { DuckDBInstance } from '@duckdb/node-api';
  const say = ({ message = 'open' }) => console.log(message);
  await DuckDBInstance.create(process.argv[1]).then(() => say({}), say);`;

async function otherProcess(file: string): Promise<string> {
  const run = promisify(execFile);
  const args = ['--input-type=module', '-e', OTHER, file];
  return (await run(process.execPath, args, { cwd: path.resolve('.') })).stdout;
}

test('a file is open once in a process, and free when all have left it', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  symlinkSync(folder.path, path.join(folder.path, 'other'));
  const address = { file, settings: {} };
  const [first, second] = [member(), member()];
  const database = await joinDatabase(address, false, first);
  const same = await joinDatabase(
    { ...address, file: path.join(folder.path, 'other/a.db') },
    true,
    second,
  );
  expect(same).toBe(database);
  expect(await otherProcess(file)).toMatch(/Could not set lock/);
  await database.leave(first);
  expect(await otherProcess(file)).toMatch(/Could not set lock/);
  await database.leave(second);
  expect(await otherProcess(file)).toBe('open\n');
  const later = await joinDatabase(address, false, first);
  expect(later).not.toBe(database);
  await later.leave(first);
});

test('other settings for a file that is open are refused; they count', async () => {
  await using folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'a.db');
  const one = member();
  const database = await joinDatabase(
    { file, settings: { threads: '3', memory_limit: '300MiB' } },
    false,
    one,
  );
  await expect(joinDatabase({ file, settings: {} }, false, member())).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  const connection = await database.connect();
  const names = ['threads', 'memory_limit', 'TimeZone'];
  const shown = names.map((name) => `current_setting('${name}')`).join(', ');
  const answer = await connection.runAndReadAll(`SELECT ${shown}`);
  expect(answer.getRowsJson()).toEqual([['3', '300.0 MiB', 'UTC']]);
  connection.disconnectSync();
  await database.leave(one);
});

test('one that failed is opened anew once all have left', async () => {
  await using folder = await temporaryFolder('duckdb');
  const address = { file: path.join(folder.path, 'a.db'), settings: {} };
  let told = 0;
  const one = { destroy: () => void told++ };
  const database = await joinDatabase(address, false, one);
  database.invalidate();
  expect(told).toBe(1);
  const next = joinDatabase(address, false, one);
  await database.leave(one);
  const again = await next;
  expect(again).not.toBe(database);
  await again.leave(one);
});

test('what cannot be opened is told, and a file that is only looked at is not made', async () => {
  await using folder = await temporaryFolder('duckdb');
  const missing = { file: path.join(folder.path, 'not/there.db'), settings: {} };
  await expect(joinDatabase(missing, false, member())).rejects.toMatchObject({
    code: 'SINK_CONNECT',
  });
  const other = { file: path.join(folder.path, 'text.db'), settings: {} };
  writeFileSync(other.file, 'this is some text '.repeat(500));
  await expect(joinDatabase(other, false, member())).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
  const never = { file: path.join(folder.path, 'never.db'), settings: {} };
  const one = member();
  const empty = await joinDatabase(never, true, one);
  await empty.leave(one);
  expect(existsSync(never.file)).toBe(false);
});

test('whoever waits to write is let in in turn', async () => {
  await using folder = await temporaryFolder('duckdb');
  const one = member();
  const database = await joinDatabase(
    { file: path.join(folder.path, 'a.db'), settings: {} },
    false,
    one,
  );
  const letGo = await database.write(1_000);
  const order: string[] = [];
  const next = (name: string) => database.write(10_000).then((free) => (order.push(name), free()));
  const all = [next('a'), next('b')];
  await expect(database.write(20)).rejects.toMatchObject({ code: 'SINK_SERVER' });
  letGo();
  letGo();
  await Promise.all(all);
  expect(order).toEqual(['a', 'b']);
  await database.leave(one);
});
