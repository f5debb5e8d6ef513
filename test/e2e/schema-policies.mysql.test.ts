import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isStruct } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import type { HoldView } from '../../src/runtime/gate-views.ts';
import { binlogPipeline } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { field, readStoredRecords } from '../support/ledger-log.ts';
import { sharedMysql } from '../support/mysql-database.ts';

const SCHEMA = `CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, w varchar(20));
  CREATE TABLE u (id int PRIMARY KEY);
  CREATE TABLE z (id int PRIMARY KEY, n int)`;

const POLICIES = {
  'change.policies': [
    { tables: '.*\\.t', classes: 'column_dropped, table_truncated', policy: 'hold' },
    { tables: '.*\\.z', policy: 'lenient' },
  ],
};

/** What waits for an answer, and the answer. */
function desk(port: number) {
  const url = `http://127.0.0.1:${port}/schema/held`;
  return {
    held: async (): Promise<readonly HoldView[]> => {
      const views = (await (await fetch(url)).json()) as readonly HoldView[];
      return views.filter(({ id }) => id !== null);
    },
    answer: async (id: string, what: string): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${url}/${id}/${what}`, { method: 'POST', headers, body: '{}' })).status;
    },
  };
}

/** Oldest first: what became of each row, and the row. */
async function told(storePath: string, topic: string): Promise<readonly unknown[]> {
  const records = await readStoredRecords(storePath, new RegExp(`^${RegExp.escape(topic)}$`));
  return records.flatMap(({ value }) => {
    if (value === null) return [];
    const after = field(value, 'after');
    const row = after !== null && isStruct(after) ? plainValue(after) : null;
    return [{ op: field(value, 'op'), ...(row as object | null) }];
  });
}

test.each([
  ['ours', 'spool'],
  ['the server', 'source'],
])('a table waits in the log of %s, over kill -9 and more DDL; others flow', async (_, buffer) => {
  await using pipeline = await binlogPipeline(sharedMysql(), {
    schema: SCHEMA,
    source: { 'skipped.operations': 'none' },
    sink: false,
  });
  const { source, storePath } = pipeline;
  const document = JSON.parse(await readFile(pipeline.file, 'utf8')) as object;
  await writeFile(
    pipeline.file,
    JSON.stringify({ ...document, schema: { ...POLICIES, 'hold.buffer': buffer } }),
  );
  const { held, answer } = desk(pipeline.port);
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    await source.query(`INSERT INTO t VALUES (1, 1, 'a'); INSERT INTO z VALUES (1, 1);
      ALTER TABLE t DROP COLUMN w; INSERT INTO t VALUES (2, 2);
      ALTER TABLE z MODIFY n bigint, ADD COLUMN more int;
      INSERT INTO z VALUES (2, 2, 9); INSERT INTO u VALUES (1)`);
    await eventually(async () => expect(await held()).toMatchObject([{ state: 'held' }]));
    await daemon.until((status) => status.source.events >= 5);
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  await source.query(`INSERT INTO t VALUES (3, 3); ALTER TABLE t ADD COLUMN x int;
    INSERT INTO t VALUES (4, 4, 40); TRUNCATE TABLE t; INSERT INTO t VALUES (5, 5, 50);
    INSERT INTO u VALUES (2)`);
  await using daemon = Daemon.start(pipeline);
  let first = '';
  await eventually(async () => {
    const [view] = await held();
    expect(view).toMatchObject({ table: `${source.name}.t`, state: 'held', buffer });
    expect(view?.changes).toEqual(['column_dropped w: varchar(20) → –']);
    first = view?.id ?? '';
  });
  expect(await answer(first, 'approve')).toBe(200);
  await eventually(async () => {
    const [view] = await held();
    expect(view?.changes).toEqual(['table_truncated']);
    expect(view?.id).not.toBe(first);
    expect(await answer(view?.id ?? '', 'reject')).toBe(200);
  });
  await daemon.until(({ source: { held: waiting } }) => waiting.length === 0);
  await eventually(async () => expect(await held()).toEqual([]));
  await source.query('INSERT INTO t VALUES (6, 6, 60)');
  await source.query('INSERT INTO u VALUES (3)');
  await eventually(async () =>
    expect(await told(storePath, `copy.${source.name}.u`)).toHaveLength(3),
  );
  expect(await daemon.stop(), `the daemon said: ${daemon.output}`).toBe(0);
  expect(await told(storePath, `copy.${source.name}.t`)).toEqual([
    { op: 'c', id: 1, v: 1, w: 'a' },
    { op: 'c', id: 2, v: 2 },
    { op: 'c', id: 3, v: 3 },
    { op: 'c', id: 4, v: 4, x: 40 },
    { op: 'c', id: 5, v: 5, x: 50 },
    { op: 'c', id: 6, v: 6, x: 60 },
  ]);
  expect(await told(storePath, `copy.${source.name}.z`)).toEqual([
    { op: 'c', id: 1, n: 1 },
    { op: 'c', id: 2, n: 2 },
  ]);
});
