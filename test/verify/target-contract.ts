import { expect, test } from 'vitest';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import type { KeyDifference } from '../../src/verify/verify-ports.ts';
import { SqlTargetTable } from '../../src/verify/sql-target-table.ts';
import { put } from '../support/sink-harness.ts';
import { column, SinkTopic } from '../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../support/sink-target.ts';

const COLUMNS = [
  column('id', 'integer', { type: 'int32', optional: false }),
  column('amount', 'numeric(10,2)', {
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    version: 1,
    parameters: { scale: '2' },
  }),
  column('ratio', 'double precision', { type: 'float64' }),
  column('note', 'character varying(40)', { type: 'string' }),
  column('body', 'bytea', { type: 'bytes' }),
  column('doc', 'json', { type: 'string', name: 'io.debezium.data.Json', version: 1 }),
  column('day', 'date', { type: 'int32', name: 'io.debezium.time.Date', version: 1 }),
];

function valuesOf(id: number) {
  return {
    id,
    amount: { unscaled: BigInt(id * 101), scale: 2 },
    ratio: id / 3,
    note: id % 5 === 0 ? null : `n ${id} 'q' \\ é`,
    body: Buffer.from([id % 256, 0, 255]),
    doc: `{"b": ${id}, "a": [1.10]}`,
    day: 20_000 + id,
  };
}

const shown = (found: readonly KeyDifference[]): string[] =>
  found
    .map(({ kind, key, columns }) => {
      const names = columns.map(({ name }) => name).join(',');
      return `${kind} ${key.join('/')} ${names}`.trimEnd();
    })
    .toSorted();

/** What a target says of rows that its sink has written, and that somebody changed since. */
export const contractOfComparison = describeTarget((fresh) => {
  test('values are equal as the sink wrote them; what is damaged is named', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target);
    const topic = new SinkTopic({ table: 'things', columns: COLUMNS, key: ['id'] });
    const rows: SinkRecord[] = [];
    for (let id = 1; id <= 40; id++) rows.push(topic.read(valuesOf(id)));
    await put(sink, rows);
    const session = await target.open();
    const parts = { session, dialect: target.dialect, options: target.options() };
    const table = await SqlTargetTable.open(parts, rows[0] as SinkRecord);
    const chunks = [rows.slice(0, 15), rows.slice(15, 30), rows.slice(30)];
    const compareAll = async (): Promise<string[]> => {
      await table.begin();
      const found: KeyDifference[] = [];
      for (const [i, chunk] of chunks.entries()) {
        found.push(...(await table.compare(chunk, { kind: 'next', isLast: i === 2 })));
      }
      return shown(found);
    };
    expect(await compareAll()).toEqual([]);
    expect(await table.applied()).toEqual(new Map([[0, 40]]));
    await target.query(`UPDATE things SET note = 'N 3 ''q'' é', ratio = NULL WHERE id = 3`);
    await target.query(`UPDATE things SET amount = 0.01 WHERE id = 20`);
    await target.query(`DELETE FROM things WHERE id IN (15, 40)`);
    await target.query(`INSERT INTO things (id) VALUES (-1), (77)`);
    expect(await compareAll()).toEqual([
      'different 20',
      'different 3',
      'missing 15',
      'missing 40',
      'surplus -1',
      'surplus 77',
    ]);
    // A part of the table: what stands in it, and nothing in front or behind.
    expect(table.isOrdered).toBe(true);
    const part = rows.slice(9, 20).filter((_, i) => i !== 2);
    const within = await table.compare(part, { kind: 'within' });
    expect(shown(within)).toEqual(['different 20', 'missing 15', 'surplus 12']);
    expect(await table.compare([], { kind: 'within' })).toEqual([]);
    const keys = [['3'], ['77'], ['15'], ['9']];
    const looked = rows.filter((_, i) => [2, 8, 14].includes(i));
    const found = await table.compare(looked, { kind: 'keys', keys });
    expect(shown(found)).toEqual(['different 3 ratio,note', 'missing 15', 'surplus 77']);
    const changes = [
      topic.delete({ id: 77 }),
      topic.tombstone({ id: 77 }),
      topic.insert(valuesOf(9)),
    ];
    expect((await table.keysOf(changes))?.toSorted()).toEqual([['77'], ['77'], ['9']]);
    const [away] = topic.move(valuesOf(5), valuesOf(6), ['note']);
    expect((await table.keysOf([away as SinkRecord]))?.toSorted()).toEqual([['5'], ['6']]);
    expect(await table.keysOf([topic.truncate()])).toBeNull();
    await session.close();
  });

  test('keys of two columns, one a text, in another order than the target has', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target);
    const columns = [
      column('name', 'character varying(20)', { type: 'string', optional: false }),
      column('n', 'bigint', { type: 'int64', optional: false }),
      column('v', 'integer', { type: 'int32' }),
    ];
    const topic = new SinkTopic({ table: 'pairs', columns, key: ['name', 'n'] });
    const names = ['b', 'a', 'z', 'ä', `q'`, 'c'];
    const rows = names.flatMap((name, i) => [
      topic.read({ name, n: 9_007_199_254_740_993n, v: i }),
      topic.read({ name, n: -5n, v: i }),
    ]);
    await put(sink, rows);
    const session = await target.open();
    const parts = { session, dialect: target.dialect, options: target.options() };
    const table = await SqlTargetTable.open(parts, rows[0] as SinkRecord);
    const compareAll = async (): Promise<string[]> => {
      await table.begin();
      const first = await table.compare(rows.slice(0, 5), { kind: 'next', isLast: false });
      const rest = await table.compare(rows.slice(5), { kind: 'next', isLast: true });
      return shown([...first, ...rest]);
    };
    expect(await compareAll()).toEqual([]);
    await target.query(`INSERT INTO pairs (name, n, v) VALUES ('b', 9007199254740992, 1)`);
    await target.query(`UPDATE pairs SET v = 99 WHERE name = 'ä' AND n = -5`);
    const damaged = ['different ä/-5', 'surplus b/9007199254740992'];
    expect(await compareAll()).toEqual(damaged);
    const keys = [
      ['b', '9007199254740992'],
      ['ä', '-5'],
      ['z', '-5'],
    ];
    expect(table.isOrdered).toBe(false);
    const part = [rows[0], rows[7], rows[8]].map((row) => row as SinkRecord);
    expect(shown(await table.compare(part, { kind: 'within' }))).toEqual(['different ä/-5']);
    const looked = [rows[5], rows[7]].map((row) => row as SinkRecord);
    const found = await table.compare(looked, { kind: 'keys', keys });
    expect(shown(found)).toEqual(['different ä/-5 v', 'surplus b/9007199254740992']);
    await session.close();
  });
});
