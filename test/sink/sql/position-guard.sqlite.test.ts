import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import { PositionGuard } from '../../../src/sink/sql/position-guard.ts';
import { inTransaction } from '../../../src/sink/sql/sink-tables.ts';
import { never } from '../../support/sink-harness.ts';
import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { targetOf } from '../../../src/sink/sql/target-product.ts';

const stored = { position: '2', older: new Map([['bio', '1']]) };
const table = { schema: 'main', table: 't' };

test('deletes and truncates are remembered by table and key, of each the last', async () => {
  await using target = await sqliteSinkTarget();
  const options = target.options();
  const session = await targetOf(options).open(never);
  try {
    const guard = new PositionGuard(sqliteTarget, options);
    await guard.prepare(session);
    await inTransaction(session, async () => {
      expect(await guard.hold(session, table, 's')).toEqual({
        truncatedAt: '',
        hasPartialRows: false,
      });
      await guard.remember(session, table, [
        ['a', '5'],
        ['b', '1'],
      ]);
      await guard.remember(session, table, [['a', '3']]);
      await guard.truncate(session, table, '4');
      await guard.rememberMove(session, table, 'c', { position: '3', stored });
      await guard.remember(session, table, [['c', '3']]);
      await guard.notePartialRows(session, table);
      await guard.notePartialRows(session, table);
    });
    // As another task, later.
    const other = new PositionGuard(sqliteTarget, options);
    await other.prepare(session);
    expect(await other.hold(session, table, 's')).toEqual({
      truncatedAt: '4',
      hasPartialRows: true,
    });
    expect(await other.hold(session, { ...table, table: 'u' }, 's')).toMatchObject({
      hasPartialRows: false,
    });
    const found = await other.deletedAt(session, table, ['a', 'b', 'c']);
    expect(Object.fromEntries(found)).toEqual({
      a: { position: '5', moved: null },
      b: { position: '1', moved: null },
      // The delete that is part of the move does not take it back.
      c: { position: '3', moved: { position: '3', stored } },
    });
    expect((await other.deletedAt(session, { ...table, table: 'u' }, ['a'])).size).toBe(0);
    await expect(other.hold(session, table, 'other')).rejects.toThrow(/source "s", these are/);
  } finally {
    await session.close();
  }
});
