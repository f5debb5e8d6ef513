import { describe, expect, test } from 'vitest';
import type {
  ChangeReceiver,
  PostgresRowChange,
  SchemaChange,
} from '../../../../src/model/change-event.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../../../src/model/table-schema.ts';
import { fromSourceOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { ReplicationPosition } from '../../../../src/source/postgres/stream/replication-position.ts';
import { ShapeCheck, withNewShape } from '../../../../src/source/postgres/stream/shape-check.ts';
import { rowChange, type RowTexts } from '../../../support/keyed-table.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { beforeLog } from '../../../support/scripted-log.ts';

const READ_AT = lsn(100n);
const EARLIER = lsn(99n);

/** `!` behind a name: NOT NULL; `*` in front: in the replica identity. */
function tableWith(names: readonly string[], labels?: readonly string[]): TableSchema {
  const columns = names.map((text, i): ColumnSchema => ({
    name: text.replaceAll(/[*!]/g, ''),
    schema: { type: 'string', optional: !text.endsWith('!') },
    format: { kind: 'string', ...(labels === undefined ? {} : { labels }) },
    tupleIndex: i,
    sourceType: 'text',
    identity: text.startsWith('*'),
  }));
  const id = { catalog: 'd', schema: 's', table: 't' };
  return { id, version: 1, columns, keyColumns: [], replicaIdentity: 'default' };
}

function change(
  table: TableSchema,
  after: RowTexts | null,
  more: Partial<PostgresRowChange> = {},
): PostgresRowChange {
  return rowChange(table, 'c', null, after, { lsn: EARLIER, commitLsn: lsn(101n), ...more });
}

test('nothing fits once the catalog is to be asked again', () => {
  const table = tableWith(['*id!']);
  let due = false;
  const check = ShapeCheck.of(table, READ_AT, () => due);
  const late = change(table, ['1'], { lsn: lsn(1000n) });
  expect(check?.fits(late)).toBe(true);
  due = true;
  expect(check?.fits(late)).toBe(false);
});

describe('nulls where the catalog, newer than the row, says NOT NULL', () => {
  const table = tableWith(['*id!', 'a!', 'b']);
  const keyOnly = { before: RowImage.of(['1', null, null]), beforeIsKeyOnly: true };

  test.each<[string, readonly string[], PostgresRowChange]>([
    ['a row without', [], change(table, ['1', 'x', null])],
    ['one in the row', ['a'], change(table, ['1', null, null])],
    ['an absent value is none', [], change(table, ['1', undefined, null])],
    ['not told by a key-only tuple', [], change(table, null, keyOnly)],
    ['in the old row', ['a'], change(table, null, { before: RowImage.of(['1', null, 'x']) })],
    ['in both', ['id', 'a'], change(table, [null, null, 'x'], keyOnly)],
  ])('%s', (_, expected, row) => {
    const check = ShapeCheck.of(table, READ_AT);
    expect(check?.fits(row)).toBe(expected.length === 0);
    expect(check?.unexpectedNulls(row)).toEqual(expected);
  });

  test('from the catalog on there is nothing to look for', () => {
    const check = ShapeCheck.of(table, READ_AT);
    expect(check?.fits(change(table, ['1', null, null], { lsn: READ_AT }))).toBe(true);
    expect(check?.fits(change(table, ['1', null, null]))).toBe(true);
  });

  test('a shape that is told again is looked for again, up to another position', () => {
    const check = ShapeCheck.of(table, READ_AT);
    const late = change(table, ['1', null, null], { lsn: READ_AT });
    expect(check?.fits(late)).toBe(true);
    const renewed = check?.renewed(lsn(500n), null);
    expect(renewed?.fits(late)).toBe(false);
    expect(renewed?.readAt).toBe(500n);
    expect(renewed?.fits(change(table, ['1', null, null], { lsn: lsn(500n) }))).toBe(true);
  });

  test('a table of nullable columns is not looked at', () => {
    expect(ShapeCheck.of(tableWith(['a', 'b']), READ_AT)).toBeNull();
  });
});

describe('withNewShape', () => {
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => work();
  const hand = async (
    changed: SchemaChange,
    _transactionId: number | null,
    receiver: ChangeReceiver,
  ): Promise<void> => receiver.schemaChanged(changed);

  /** Right behind the row. */
  function counted(): ReplicationPosition {
    const position = new ReplicationPosition(fromSourceOffset(beforeLog()));
    position.begin(lsn(101n), 5n, 7);
    position.event(EARLIER);
    return position;
  }

  /*
   * An offset that was stored while the shape was told lay behind the row, which a crash then left
   * nowhere; and a table that is held before such a change waited behind its first row.
   */
  test('no offset lies behind the row before it is handed over', async () => {
    const position = counted();
    const next = { ...tableWith(['a']), version: 2 };
    const receiver = new RecordingReceiver();
    const done: number[] = [];
    const relations = {
      lookup: () => ({ table: next, check: ShapeCheck.of(next, READ_AT), watch: null }),
      relearn: (): Promise<SchemaChange> => {
        done.push(position.offset().eventsDone);
        return Promise.resolve({ table: next, previous: null, position: '0/1' });
      },
      hand: (changed: SchemaChange) => {
        done.push(position.offset().eventsDone, changed.event?.ordinal ?? -1);
        return Promise.resolve();
      },
      inTurn,
    };
    await withNewShape(relations, 1, change(next, [null], { ordinal: 0 }), receiver, position);
    expect(done).toEqual([0, 0, 0]);
    expect(position.offset()).toMatchObject({ eventsDone: 1, lastLsn: EARLIER });
  });

  test('the shape comes before the row, and the row is kept meanwhile', async () => {
    const old = tableWith(['a!']);
    const next = { ...tableWith(['a']), version: 2 };
    const receiver = new RecordingReceiver();
    const row = change(old, [null]);
    const relations = {
      lookup: () => ({ table: next, check: ShapeCheck.of(next, READ_AT), watch: null }),
      relearn: (): Promise<SchemaChange> => {
        // The image goes on to the next row.
        row.after?.copyFrom(RowImage.of(['next']));
        return Promise.resolve({ table: next, previous: old, position: '0/1' });
      },
      hand,
      inTurn,
    };
    await withNewShape(relations, 1, row, receiver, counted());
    await receiver.snapshotCompleted({ partition: {}, offset: {} });
    expect(receiver.schemas.map(({ table }) => table)).toEqual([next]);
    expect(receiver.events).toMatchObject([{ version: 2, after: { a: null } }]);
  });

  test('a label that the catalog does not have is asked for once', async () => {
    const table = tableWith(['a'], ['sad']);
    const relation = { table, check: ShapeCheck.of(table, READ_AT), watch: null };
    const relations = {
      lookup: () => relation,
      relearn: () => Promise.resolve(null),
      hand,
      inTurn,
    };
    const row = change(table, ['renamed']);
    expect(relation.check?.fits(row)).toBe(false);
    await withNewShape(relations, 1, row, new RecordingReceiver(), counted());
    expect(relation.check?.fits(row)).toBe(true);
  });
});
