import { expect, test } from 'vitest';
import { duckdbTarget } from '../../../dialects/duckdb/duckdb-target-dialect.ts';
import { SinkState } from '../../../src/sink/sql/sink-state.ts';
import { inTransaction, prepareSinkTables } from '../../../src/sink/sql/sink-tables.ts';
import { duckdbSinkTarget } from '../../support/sink-target.ts';

const NAME = "state's";
const SCHEMA = 'main';

test('offsets of claimed partitions are stored, of several topics at once', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await prepareSinkTables(session, duckdbTarget, SCHEMA, NAME);
  const state = new SinkState(duckdbTarget, NAME, SCHEMA);
  const table = { schema: SCHEMA, table: 'rows "of" it' };
  const positions = [
    { topic: `a,"b'`, partition: 3, generation: 2 ** 41, offset: 2 ** 40, target: table },
    { topic: 'c', partition: 0, generation: 1, offset: 0, target: { schema: '', table: "x'" } },
  ];
  await state.claim(session, positions);
  await inTransaction(session, () => state.save(session, positions));
  expect((await state.load(session)).positions).toEqual(positions);
  const moved = positions.map((one) => ({ ...one, offset: one.offset + 1 }));
  await inTransaction(session, () => state.save(session, moved.slice(1)));
  expect(await state.positions(session)).toEqual([positions[0], moved[1]]);
  await session.close();
});

/** An UPDATE that finds nothing is no error of its own: the rows would be applied once more. */
test('offsets of a partition that nobody claimed are refused, and all with them', async () => {
  await using target = await duckdbSinkTarget();
  const session = await target.open();
  await prepareSinkTables(session, duckdbTarget, SCHEMA, NAME);
  const state = new SinkState(duckdbTarget, NAME, SCHEMA);
  const [own, other] = [0, 1].map((partition) => ({
    topic: 't',
    partition,
    generation: 1,
    offset: 5,
    target: { schema: SCHEMA, table: 't' },
  }));
  await state.claim(session, [own!]);
  const both = inTransaction(session, () => state.save(session, [own!, other!]));
  await expect(both).rejects.toThrow('offsets of partitions are not there');
  expect(await state.positions(session)).toEqual([]);
  await session.close();
});
