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
