import { expect, test } from 'vitest';
import { METADATA_COLUMNS } from '../../src/config/metadata-columns.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { METADATA } from '../../src/sink/change-metadata.ts';
import { column, SinkTopic, struct } from '../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const topic = new SinkTopic({ table: 'people', columns: [id], key: ['id'] });

function told(record: SinkRecord): Record<string, ConnectValue | undefined> {
  const facts = { record, isDelete: false, nowMicros: 0n };
  return Object.fromEntries(
    METADATA_COLUMNS.map((name) => {
      const column = METADATA[name];
      return [column.name, column.reader(record.value?.schema ?? null)(facts)];
    }),
  );
}

test('a binlog has its file, position and row, and a GTID for a transaction', () => {
  const text: ConnectSchema = { type: 'string', optional: true };
  const source: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'ts_ms', schema: { type: 'int64', optional: false } },
      { name: 'gtid', schema: text },
      { name: 'file', schema: text },
      { name: 'pos', schema: { type: 'int64', optional: false } },
      { name: 'row', schema: { type: 'int32', optional: false } },
    ],
  };
  const row: ConnectSchema = { type: 'struct', optional: true, fields: [id] };
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'after', schema: row },
      { name: 'source', schema: source },
      { name: 'op', schema: text },
    ],
  };
  const block = { ts_ms: 1_700_000_000_123n, gtid: '0-1-7', file: 'b.000001', pos: 154n, row: 2 };
  const value = struct(schema, { after: null, source: struct(source, block), op: 'u' });
  expect(told({ ...topic.insert({ id: 1 }), value })).toMatchObject({
    _cdc_source_ts: '2023-11-14T22:13:20.123000Z',
    _cdc_tx_id: '0-1-7',
    _cdc_position: 'b.000001:154:2',
  });
});
