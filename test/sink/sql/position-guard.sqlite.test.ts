import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import { PositionGuard } from '../../../src/sink/sql/position-guard.ts';
import { inTransaction } from '../../../src/sink/sql/sink-tables.ts';
import { never } from '../../support/sink-harness.ts';
import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { targetOf } from '../../../src/sink/sql/target-product.ts';

const table = { schema: 'main', table: 't' };

test('deletes and truncates are remembered by table and key, of each the last', async () => {
  await using target = await sqliteSinkTarget();
  const options = target.options();
  const session = await targetOf(options).open(never);
  try {
    const guard = new PositionGuard(sqliteTarget, options);
    await guard.prepare(session);
    await inTransaction(session, async () => {
      expect(await guard.hold(session, table, 's')).toEqual({ truncatedAt: '' });
      await guard.remember(session, table, [
        ['a', '5'],
        ['b', '1'],
      ]);
      await guard.remember(session, table, [['a', '3']]);
      await guard.truncate(session, table, '4');
    });
    // As another task, later.
    const other = new PositionGuard(sqliteTarget, options);
    await other.prepare(session);
    expect(await other.hold(session, table, 's')).toEqual({ truncatedAt: '4' });
    const found = await other.deletedAt(session, table, ['a', 'b', 'c']);
    expect(Object.fromEntries(found)).toEqual({ a: '5', b: '1' });
    expect((await other.deletedAt(session, { ...table, table: 'u' }, ['a'])).size).toBe(0);
    await expect(other.hold(session, table, 'other')).rejects.toThrow(/source "s", these are/);
  } finally {
    await session.close();
  }
});
