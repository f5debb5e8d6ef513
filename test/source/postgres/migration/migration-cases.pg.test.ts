import { expect, test } from 'vitest';
import { tryPostgresMigration } from '../../../../src/source/postgres/migration/migration-trial.ts';
import { gradesOf } from '../../../support/alert-recorder.ts';
import { DDL_CASES, ddlTables, statementsOf } from '../../../support/postgres-ddl-cases.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { triedMigration } from '../../../support/tried-migration.ts';

/** Of so many cases one is tried: which ones differs by server. */
const STEP = process.env['TIDEMARK_TEST_ALL'] === '1' ? 1 : 4;

// The daemon's own test (table-shape-watch.pg.test.ts) has the same table of cases.
test('each kind of DDL is told before it is run as a daemon tells it afterwards', async () => {
  await using source = await freshDatabase();
  const cases = DDL_CASES.filter((_, i) => i % STEP === source.major % STEP);
  await source.query(ddlTables(cases));
  const sql = cases.flatMap(statementsOf).join(';\n');
  const { trial, recorder } = triedMigration('postgresql', sql);
  const options = sourceOptionsFor(source, {
    schemaInclude: [/^public$/],
    columnExclude: [/^.*\.secret2?$/],
  });
  await tryPostgresMigration({ ...trial, options, scratch: null });
  const told = cases.map(([name]) => {
    const events = recorder.of(name);
    return [name, ...events.map((event) => `${event.class} ${gradesOf(event)}`)];
  });
  const wanted = cases.map(([name, , kind, grades]) =>
    kind === null ? [name] : [name, `schema.${kind} ${grades}`],
  );
  expect(told).toEqual(wanted);
});
