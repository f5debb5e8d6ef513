import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { planSource } from '../../src/runtime/plan-source.ts';
import { mysqlProperties } from '../support/examined-mysql-source.ts';
import { freshMysqlDatabase } from '../support/mysql-database.ts';

const { signal } = new AbortController();

test('a source of binlogs is planned by its family; one that refuses us is not', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const plan = (change: Readonly<Record<string, string>>): ReturnType<typeof planSource> => {
    const source = mysqlProperties(database, {
      'database.include.list': database.name,
      ...change,
    });
    const config = parsePipeline(JSON.stringify({ name: 'shop', source }), '/p.yaml', {});
    return planSource(config, signal, systemClock);
  };
  const { source, tables, warnings } = await plan({ 'signal.data.collection': 'no.where' });
  expect(source.kind).toBe('binlog');
  expect(tables.map(({ schema }) => schema.id.table)).toEqual(['t']);
  expect(warnings).toContainEqual(expect.stringMatching(/^the signal table no\.where .*\. CREATE/));
  await expect(plan({ 'database.password': 'wrong' })).rejects.toThrow(
    expect.objectContaining({ code: 'MYSQL_AUTH' }),
  );
});
