import { expect, test } from 'vitest';
import { tryMysqlMigration } from '../../../../src/source/mysql/migration/migration-trial.ts';
import { gradesOf } from '../../../support/alert-recorder.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { DDL_COLUMNS, ddlCases, statementsOf } from '../../../support/mysql-ddl-cases.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';
import { triedMigration } from '../../../support/tried-migration.ts';

const { flavor, series } = sharedMysql();

/** Of so many cases one is tried: which ones differs by server. */
const STEP = process.env['TIDEMARK_TEST_ALL'] === '1' ? 1 : 4;
const FIRST = STEP === 1 ? 0 : series.length % STEP;

// The daemon's own test (statement-shapes.mysql.test.ts) has the same table of cases.
test('each kind of DDL is told before it is run as a daemon tells it afterwards', async () => {
  const cases = ddlCases(sharedMysql()).filter((_, i) => i % STEP === FIRST);
  await using source = await freshMysqlDatabase();
  for (const [name] of cases) {
    await source.query(`CREATE TABLE ${name} (${DDL_COLUMNS}) CHARACTER SET utf8mb4`);
  }
  const sql = cases.flatMap(statementsOf).join(';\n');
  const { trial, recorder } = triedMigration(flavor === 'mariadb' ? 'mariadb' : 'mysql', sql);
  const options = mysqlSourceOptions(source, { columnExclude: [/^.*\.secret2?$/] });
  await tryMysqlMigration({ ...trial, options, scratch: null, database: null });
  const told = cases.map(([name]) => {
    const events = recorder.of(name);
    const kinds = events.map((event) => event.class.replace('schema.', '')).join(' ');
    const last = events.at(-1);
    return last === undefined ? [name] : [name, kinds, gradesOf(last)];
  });
  const wanted = cases.map(([name, , kinds, grades]) =>
    kinds === null ? [name] : [name, kinds, grades],
  );
  expect(told).toEqual(wanted);
});
