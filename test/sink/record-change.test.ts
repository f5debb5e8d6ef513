import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { changeOf, isUpdate, shapeOf, sourceField } from '../../src/sink/record-change.ts';
import { column, SinkTopic, struct } from '../support/sink-records.ts';

const topic = new SinkTopic({
  table: 't',
  columns: [column('id', null, { type: 'int32', optional: false })],
  key: ['id'],
});

test('envelopes, flat rows, tombstones', () => {
  const kinds = [
    topic.insert({ id: 1 }),
    topic.read({ id: 1 }),
    topic.update({ id: 1 }),
    topic.delete({ id: 1 }),
    topic.tombstone({ id: 1 }),
    topic.truncate(),
    topic.flat({ id: 1 }),
    { ...topic.truncate(), value: null },
  ].map((record) => changeOf(record).kind);
  expect(kinds).toEqual([
    'write',
    'write',
    'write',
    'delete',
    'delete',
    'truncate',
    'write',
    'skip',
  ]);
});

test('logical messages and records about the capture are no rows', () => {
  const heartbeat: ConnectSchema = {
    type: 'struct',
    optional: false,
    name: 'io.debezium.connector.common.Heartbeat',
    fields: [{ name: 'ts_ms', schema: { type: 'int64', optional: false } }],
  };
  expect(shapeOf(heartbeat)).toEqual({ kind: 'other' });
  const record = { ...topic.insert({ id: 1 }), value: struct(heartbeat, { ts_ms: 1n }) };
  expect(changeOf(record)).toEqual({ kind: 'skip' });
});

test('the source block and the kind of a write', () => {
  const update = topic.update({ id: 1 });
  expect(isUpdate(update)).toBe(true);
  expect(isUpdate(topic.insert({ id: 1 }))).toBe(false);
  expect(isUpdate(topic.tombstone({ id: 1 }))).toBe(false);
  expect(sourceField(update.value!, 'table')).toBe('t');
  expect(sourceField(update.value!, 'nothing')).toBeNull();
  expect(sourceField(topic.flat({ id: 1 }).value!, 'table')).toBeNull();
});
