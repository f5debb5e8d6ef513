import { expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { notificationRecord } from '../../src/envelope/notification.ts';

test("key and value are Debezium's, with their schemas", () => {
  const { key, value } = notificationRecord({
    id: 'n1',
    type: 'TABLE_SCAN_COMPLETED',
    aggregateType: 'Incremental Snapshot',
    additionalData: { connector_name: 'shop', status: 'SUCCEEDED' },
    timestampMs: 1_695_817_046_353,
  });
  const converter = new JsonConverter();
  const text = (struct: typeof key): string =>
    converter.fromConnect(converter.prepared(struct.schema), struct)?.toString() ?? '';
  expect(text(key)).toBe(
    '{"schema":{"type":"struct","fields":[{"type":"string","optional":false,"field":"id"}],' +
      '"optional":false,"name":"io.debezium.connector.common.NotificationKey","version":1},' +
      '"payload":{"id":"n1"}}',
  );
  expect(text(value)).toBe(
    '{"schema":{"type":"struct","fields":[{"type":"string","optional":false,"field":"id"},' +
      '{"type":"string","optional":false,"field":"type"},' +
      '{"type":"string","optional":false,"field":"aggregate_type"},' +
      '{"type":"map","keys":{"type":"string","optional":false},' +
      '"values":{"type":"string","optional":false},"optional":true,"field":"additional_data"},' +
      '{"type":"int64","optional":false,"field":"timestamp"}],"optional":false,' +
      '"name":"io.debezium.connector.common.Notification","version":1},"payload":{"id":"n1",' +
      '"type":"TABLE_SCAN_COMPLETED","aggregate_type":"Incremental Snapshot",' +
      '"additional_data":{"connector_name":"shop","status":"SUCCEEDED"},' +
      '"timestamp":1695817046353}}',
  );
});

test('additional data has the order that was recorded', () => {
  const order = (...names: string[]): unknown => {
    const additionalData = Object.fromEntries(names.map((name) => [name, 'x']));
    const told = { id: '', type: '', aggregateType: '', additionalData, timestampMs: 0 };
    return [...(notificationRecord(told).value.values[3] as Map<string, string>).keys()];
  };
  const common = ['data_collections', 'connector_name'];
  expect(order(...common, 'current_collection_in_progress')).toEqual([
    'current_collection_in_progress',
    'connector_name',
    'data_collections',
  ]);
  expect(order(...common, 'scanned_collection', 'total_rows_scanned', 'status')).toEqual([
    'scanned_collection',
    'connector_name',
    'total_rows_scanned',
    'status',
    'data_collections',
  ]);
  const keys = ['last_processed_key', 'maximum_key'];
  expect(order(...common, 'current_collection_in_progress', ...keys)).toEqual([
    'current_collection_in_progress',
    'connector_name',
    'maximum_key',
    'last_processed_key',
    'data_collections',
  ]);
});
