import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import type { ChangeFacts } from '../../../src/sink/change-metadata.ts';
import { changeColumns } from '../../../src/sink/sql/change-columns.ts';
import { markAllRows } from '../../../src/sink/sql/marked-rows.ts';
import { TableModel } from '../../../src/sink/sql/table-model.ts';
import { must } from '../../../src/foundation/assert.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { sqliteSinkTarget } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });

test('rows that are there are marked, with a position those that are older', async () => {
  await using target = await sqliteSinkTarget();
  const session = await target.open();
  try {
    await session.query(`CREATE TABLE t (id INTEGER PRIMARY KEY, _deleted BOOLEAN NOT NULL,
      _deleted_at TEXT, _cdc_pos TEXT);
      INSERT INTO t VALUES (1, 0, NULL, '1'), (2, 1, 'once', '2'), (3, 0, NULL, NULL),
        (5, 0, NULL, '5 {"a":"1"}'), (7, 0, NULL, '7')`);
    const name = { schema: 'main', table: 't' };
    const read = await session.query(sqliteTarget.tableQuery(name));
    const model = new TableModel(
      sqliteTarget,
      must(sqliteTarget.readTable(name, read.rows), 'made above'),
      ['id'],
    );
    const options = { deleteMode: 'soft', metadataColumns: [], positionGuard: true } as const;
    const changes = changeColumns(options);
    const record = new SinkTopic({ table: 't', columns: [id], key: ['id'] }).truncate();
    const facts: ChangeFacts = { record, isDelete: true, nowMicros: 0n };
    const state = async (): Promise<unknown> => {
      const rows = await target.query(`SELECT id, _deleted AS gone, _cdc_pos AS at,
        _deleted_at AS time FROM t ORDER BY id`);
      return rows.map(({ id: key, gone, at, time }) => [key, gone, at, String(time).slice(0, 10)]);
    };
    await markAllRows(session, sqliteTarget, model, changes, facts, '6');
    expect(await state()).toEqual([
      [1, 1, '6', '2023-11-14'],
      [2, 1, '2', 'once'],
      [3, 1, '6', '2023-11-14'],
      [5, 1, '6', '2023-11-14'],
      [7, 0, '7', 'null'],
    ]);
    await markAllRows(session, sqliteTarget, model, changes, facts);
    expect(await state()).toContainEqual([7, 1, '7', '2023-11-14']);
  } finally {
    await session.close();
  }
});
