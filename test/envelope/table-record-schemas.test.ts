import { describe, expect, test } from 'vitest';
import { schemaJson } from '../../src/converter/json-text.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { goldenTableSchema } from '../support/golden-changes.ts';
import type { GoldenRecord } from '../support/golden-records.ts';
import { goldenRecords, goldenTable } from '../support/golden-records.ts';

const TEXT = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'g_postgres_default',
  connector: 'postgresql',
  version: '3.6.0.Final',
  database: 'golden',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  absentHeader: true,
};

function schemaText(record: string): string {
  return record.slice('{"schema":'.length, record.indexOf(',"payload":'));
}

/** One record with a value per table. */
function samples(): readonly GoldenRecord[] {
  const records = [...goldenRecords('values'), ...goldenRecords('changes')];
  return [...new Map(records.filter((r) => r.value !== null).map((r) => [r.topic, r])).values()];
}

describe('schemas equal Debezium byte for byte (PITFALLS C21, C22, C29)', () => {
  test.each(samples())('$topic', (record) => {
    const schemas = tableRecordSchemas(goldenTableSchema(record), OPTIONS);
    expect(schemas.topic).toBe(record.topic);
    expect(schemaJson(schemas.envelope, TEXT)).toBe(schemaText(record.value ?? ''));
    const key = schemas.key === null ? null : schemaJson(schemas.key, TEXT);
    expect(key).toBe(record.key === null ? null : schemaText(record.key));
  });

  test('before and after share one schema object (C12)', () => {
    const [record] = goldenTable('values', 'public.t_num');
    const { envelope, row } = tableRecordSchemas(
      goldenTableSchema(record as GoldenRecord),
      OPTIONS,
    );
    expect(envelope.fields?.[0]?.schema).toBe(row);
    expect(envelope.fields?.[1]?.schema).toBe(row);
  });

  test('names are adjusted on demand, fields and schemas each by its own mode (C11)', () => {
    const [record] = goldenTable('changes', 'public.Mixed_Case');
    const table = goldenTableSchema(record as GoldenRecord);
    const adjusted = tableRecordSchemas(table, {
      ...OPTIONS,
      topicPrefix: 'my-shop',
      schemaNameAdjustment: 'avro',
      fieldNameAdjustment: 'avro',
    });
    expect(adjusted.topic).toBe('my-shop.public.Mixed_Case');
    expect(adjusted.envelope.name).toBe('my_shop.public.Mixed_Case.Envelope');
    expect(adjusted.key?.name).toBe('my_shop.public.Mixed_Case.Key');
    expect(adjusted.row.fields?.map((field) => field.name)).toEqual([
      'Id',
      '_n__c_l',
      'with_space',
      'select',
      '_1st',
    ]);
  });
});
