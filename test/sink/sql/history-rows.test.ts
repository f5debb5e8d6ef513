import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import type { TargetTable } from '../../../dialects/dialect.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { HISTORY_KEY, HISTORY_METADATA } from '../../../src/sink/sql/history-columns.ts';
import { HistoryRows, planHistory } from '../../../src/sink/sql/history-rows.ts';
import { historyColumns, wantedHistory } from '../../../src/sink/sql/history-wanted.ts';
import { AbsentValues, planRow } from '../../../src/sink/sql/row-plan.ts';
import { TableModel } from '../../../src/sink/sql/table-model.ts';
import { TableNaming } from '../../../src/sink/sql/table-naming.ts';
import { sinkOptions } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const options = sinkOptions({ url: 'sqlite:/x' }, { writeMode: 'history' });
const naming = new TableNaming(options, sqliteTarget.identifierMax);
const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32', optional: false })],
  key: ['id'],
});

/** The keys of the rows that records become, by the names of `HISTORY_KEY`. */
function keysOf(records: readonly SinkRecord[], isEnvelope = true): Record<string, string>[] {
  const name = { schema: 'main', table: 't__history' };
  const columns = historyColumns(records[0]!, naming, options);
  const { wanted } = wantedHistory(name, columns, null, sqliteTarget, options);
  const table: TargetTable = {
    name,
    primaryKeyName: null,
    referenced: false,
    columns: wanted.columns.map(({ name: own, type }) => ({
      name: own,
      type: type.ddl,
      castType: `STRICT ${type.ddl}`,
      isArray: false,
      notNull: false,
      hasDefault: false,
      generated: false,
      identityAlways: false,
    })),
    primaryKey: wanted.key,
    uniqueKeys: [wanted.key],
  };
  const model = new TableModel(sqliteTarget, table, wanted.key);
  const made = new HistoryRows(new AbsentValues(null), 0n);
  for (const record of records) {
    const value = record.value?.schema ?? null;
    const { row, key } = historyColumns(record, naming, options);
    const changes = { columns: HISTORY_METADATA, value };
    made.add(
      planHistory(model, planRow(model, row, key, options, changes), value),
      record,
      isEnvelope,
    );
  }
  return made.rows.map(({ cells }) =>
    Object.fromEntries(
      Object.entries(HISTORY_KEY).map(([part, own]) => [
        part,
        String(cells[model.number(own)]).replace(/^'/, ''),
      ]),
    ),
  );
}

const POSITION = '00000001-0000000000000002-00000003';

test('the halves of a key change and the images of an update have keys of their own', () => {
  const halves = topic.move({ id: 1 }, { id: 2 }).map((one) => ({ ...one, position: POSITION }));
  const update = { ...topic.update({ id: 3 }, { id: 3 }), position: POSITION };
  const keys = keysOf([update, ...halves]);
  expect(keys).toHaveLength(4);
  expect(new Set(keys.map((key) => JSON.stringify(key))).size).toBe(4);
  expect(keys.map(({ row, position }) => [row, position])).toEqual(keys.map(() => ['', POSITION]));
});

test('an event of our source is told apart by its position, a row of a snapshot is not', () => {
  const event = { ...topic.insert({ id: 1 }), position: POSITION };
  const rows = [topic.read({ id: 1 }), topic.read({ id: 2 })].map((record) => ({
    ...record,
    position: POSITION,
  }));
  const [ofEvent, first, second] = keysOf([event, ...rows]);
  expect(ofEvent).toMatchObject({ op: 'c', image: 'after' });
  expect(first!['row']).toMatch(/^[\da-f]{32}$/);
  expect(second!['row']).not.toBe(first!['row']);
  // However often the row is read there: it is the same.
  expect(keysOf([rows[0]!])[0]).toEqual(first);
});

test('a tombstone says nothing new behind an envelope, and deletes behind a flat record', () => {
  const records = [topic.flat({ id: 1 }), topic.tombstone({ id: 1 })];
  expect(keysOf(records, false).map(({ op }) => op)).toEqual(['w', 'd']);
  const envelopes = [topic.insert({ id: 1 }), topic.tombstone({ id: 1 })];
  expect(keysOf(envelopes).map(({ op }) => op)).toEqual(['c']);
});
