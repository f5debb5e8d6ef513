import { expect, test } from 'vitest';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { changeColumns } from '../../../src/sink/sql/change-columns.ts';
import { METADATA_COLUMNS } from '../../../src/config/metadata-columns.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const topic = new SinkTopic({ table: 'people', columns: [id], key: ['id'] });

/** What all columns together say of a record; those of which it says nothing are not there. */
function told(record: SinkRecord, isDelete = false): Record<string, ConnectValue> {
  const all = changeColumns({
    deleteMode: 'soft',
    metadataColumns: METADATA_COLUMNS,
    positionGuard: false,
  });
  const facts = { record, isDelete, nowMicros: 1_800_000_000_000_001n };
  return Object.fromEntries(
    all.flatMap(({ name, reader }) => {
      const value = reader(record.value?.schema ?? null)(facts);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

test('an envelope tells everything', () => {
  expect(told(topic.insert({ id: 1 }))).toEqual({
    _deleted: false,
    _deleted_at: null,
    _cdc_op: 'c',
    _cdc_source_ts: '2023-11-14T22:13:20.123456Z',
    _cdc_tx_id: '700',
    _cdc_position: '1/0',
    _cdc_ingested_at: '2027-01-15T08:00:00.000001Z',
    _cdc_topic: 'shop.public.people',
    _cdc_partition: 0,
    _cdc_offset: 0n,
  });
  expect(told(topic.delete({ id: 1 }), true)).toMatchObject({
    _deleted: true,
    _deleted_at: '2023-11-14T22:13:21.123456Z',
    _cdc_op: 'd',
    _cdc_position: '1/1',
  });
});

test('the tombstone behind a delete takes nothing away of what the delete told', () => {
  expect(told(topic.tombstone({ id: 1 }), true)).toEqual({ _deleted: true });
});

test('a flat row knows where it stands in the log, and nothing of the source', () => {
  expect(told(topic.flat({ id: 1 }))).toMatchObject({
    _deleted: false,
    _cdc_op: null,
    _cdc_source_ts: null,
    _cdc_tx_id: null,
    _cdc_position: null,
    _cdc_topic: 'shop.public.people',
  });
});

test('nothing is told where nothing is asked for', () => {
  expect(changeColumns({ deleteMode: 'hard', metadataColumns: [], positionGuard: false })).toEqual(
    [],
  );
});

test('each name that the options know is a column of its own', () => {
  const columns = changeColumns({
    deleteMode: 'hard',
    metadataColumns: METADATA_COLUMNS,
    positionGuard: false,
  });
  expect(columns.map(({ name }) => name)).toEqual(METADATA_COLUMNS.map((name) => `_cdc_${name}`));
});
