import { once } from 'node:events';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { SqliteAnswer, SqliteRequest } from '../../../src/sink/sql/sqlite-worker.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const WORKER = new URL('../../../src/sink/sql/sqlite-worker.ts', import.meta.url);

function start(file: string): { worker: Worker; answer: () => Promise<SqliteAnswer> } {
  const workerData = { file, readOnly: false, lockTimeoutMs: 100 };
  const worker = new Worker(WORKER, { workerData });
  const answer = async (): Promise<SqliteAnswer> =>
    (await once(worker, 'message'))[0] as SqliteAnswer;
  return { worker, answer };
}

test('each request is answered in order, and the thread ends by itself', async () => {
  await using folder = await temporaryFolder('sqlite');
  const { worker, answer } = start(path.join(folder.path, 'a.db'));
  const ask = (request: SqliteRequest): Promise<SqliteAnswer> => {
    worker.postMessage(request, []);
    return answer();
  };
  const nothing = { result: { rows: [], rowCount: 0 } };
  expect(await answer()).toEqual(nothing);
  expect(await ask({ kind: 'begin' })).toEqual(nothing);
  const failed = await ask({ kind: 'run', sql: 'SELECT nothing' });
  expect(failed).toMatchObject({ failure: { code: 1, isRolledBack: false } });
  expect(await ask({ kind: 'commit' })).toEqual(nothing);
  const exit = once(worker, 'exit');
  expect(await ask({ kind: 'close' })).toEqual(nothing);
  expect(await exit).toEqual([0]);
});

test('a thread that is terminated within a transaction leaves nothing of it', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  const { worker, answer } = start(file);
  await answer();
  for (const request of [
    { kind: 'run', sql: 'CREATE TABLE t (a)' },
    { kind: 'begin' },
    { kind: 'run', sql: 'INSERT INTO t VALUES (1)' },
  ] satisfies SqliteRequest[]) {
    worker.postMessage(request, []);
    expect(await answer()).toHaveProperty('result');
  }
  await worker.terminate();
  using database = new DatabaseSync(file);
  database.exec('BEGIN IMMEDIATE');
  expect(database.prepare('SELECT * FROM t').all()).toEqual([]);
});

test('a file that cannot be opened is the first answer, and the end', async () => {
  const { worker, answer } = start('/nowhere/at/all.db');
  const exit = once(worker, 'exit');
  expect(await answer()).toMatchObject({ failure: { code: 14 } });
  expect(await exit).toEqual([0]);
});
