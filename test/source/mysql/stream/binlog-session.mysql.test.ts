import { expect, test } from 'vitest';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { newReaderState, startReader } from '../../../support/mysql-reader-run.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';

test('it is a replica named as its pipeline, and heartbeats keep it alive', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const options = mysqlSourceOptions(database, {
    keepAliveIntervalMs: 1000,
    serverId: 3_000_000_001,
  });
  await using run = startReader(options, newReaderState(), { name: `of ${database.name}` });
  await run.until(1);
  await expect.poll(() => run.reader.status().phase).toBe('streaming');
  const isNew = database.series === '9.7';
  const replicas = await database.query(isNew ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS');
  const own = replicas.filter(
    (row) => Number(row['Server_Id'] ?? row['Server_id']) === options.serverId,
  );
  expect(own).toMatchObject([{ Host: `tidemark-of_${database.name}` }]);
  // For longer than the silence that counts as dead nothing happens here.
  const before = run.reader.logEnd();
  await database.until('SELECT SLEEP(1.5) = 0');
  await database.query('INSERT INTO t VALUES (2)');
  await run.until(2);
  expect(run.told).toEqual(['r t 1', 'c t 2']);
  await expect.poll(() => run.reader.logEnd()).not.toBe(before);
  const end = run.reader.logEnd() ?? '';
  await expect.poll(() => run.reader.hasReceived(end)).toBe(true);
});

test('statements that the filter names are not followed', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const base = mysqlSourceOptions(database);
  const ddlFilter = [/^\s*ALTER TABLE t COMMENT.*$/is];
  const options = mysqlSourceOptions(database, { history: { ...base.history, ddlFilter } });
  await using run = startReader(options, newReaderState());
  await run.until(1);
  await expect.poll(() => run.reader.status().phase).toBe('streaming');
  const count = run.statements.length;
  await database.query(`
    ALTER TABLE t COMMENT 'x';
    ALTER TABLE t ADD COLUMN v INT;
    INSERT INTO t VALUES (2, 3)`);
  await run.until(2);
  // Others make databases on the same server.
  const own = run.statements.slice(count).filter((told) => told.database === database.name);
  expect(own.map(({ ddl }) => ddl)).toEqual([expect.stringMatching(/ADD COLUMN v INT$/)]);
});
