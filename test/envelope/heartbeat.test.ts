import { describe, expect, test } from 'vitest';
import transactionKey from '../../schemas/transaction-key.json' with { type: 'json' };
import transactionValue from '../../schemas/transaction-value.json' with { type: 'json' };
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { schemaJson } from '../../src/converter/json-text.ts';
import { heartbeatRecord } from '../../src/envelope/heartbeat.ts';
import { schemaFromJson } from '../../src/model/connect-json.ts';
import { goldenRecords } from '../support/golden-records.ts';

const converter = new JsonConverter();

describe('heartbeat', () => {
  test('topic, key and value equal Debezium byte for byte', () => {
    const [golden] = goldenRecords('heartbeat');
    const millis = /"ts_ms":([0-9]+)\}\}$/.exec(golden?.value ?? '')?.[1] ?? '';
    const made = heartbeatRecord('g_postgres_heartbeat', BigInt(millis) * 1000n + 999n);
    expect(made.topic).toBe(golden?.topic);
    const text = (struct: typeof made.key) =>
      converter.fromConnect(converter.prepared(struct.schema), struct)?.toString();
    expect(text(made.key)).toBe(golden?.key);
    expect(text(made.value)).toBe(golden?.value);
  });
});

describe('transaction records', () => {
  test('the schemas kept as data equal what Debezium wrote', () => {
    const options = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
    for (const golden of goldenRecords('transaction')) {
      expect(golden.key).toContain(
        `{"schema":${schemaJson(schemaFromJson(transactionKey), options)},"payload":`,
      );
      expect(golden.value).toContain(
        `{"schema":${schemaJson(schemaFromJson(transactionValue), options)},"payload":`,
      );
    }
  });
});
