import { expect, test } from 'vitest';
import { checkSink } from '../../src/runtime/sink-check.ts';
import { never } from '../support/sink-harness.ts';
import { mysqlSinkTarget, describeMysqlTargets } from '../support/sink-target.ts';

describeMysqlTargets(() => {
  test('a target that can be written to has no problems', async () => {
    await using target = await mysqlSinkTarget();
    expect(await checkSink(target.options(), never)).toEqual({ problems: [], warnings: [] });
  });

  test('a database that is not there and may not be made is named, with its cure', async () => {
    await using target = await mysqlSinkTarget();
    const user = `w_${target.schema}`;
    await target.query(`CREATE USER ${user} IDENTIFIED BY 'pw-Of-7-Tests'`);
    await target.query(`GRANT ALL ON ${target.schema}.* TO ${user}`);
    try {
      const account = { user, password: 'pw-Of-7-Tests' };
      expect(await checkSink(target.options(account), never)).toMatchObject({ problems: [] });
      const change = { ...account, offsetsSchema: 'not`there' };
      const { problems } = await checkSink(target.options(change), never);
      expect(problems).toMatchObject([
        { code: 'SINK_SCHEMA', cure: 'CREATE DATABASE `not``there`;' },
      ]);
      const wrong = target.options({ ...account, password: 'wrong' });
      expect(await checkSink(wrong, never)).toMatchObject({ problems: [{ code: 'SINK_AUTH' }] });
    } finally {
      await target.query(`DROP USER ${user}`);
    }
  });
});
