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

  test('the key tells the source’s types, unless it is to be as the original', () => {
    const [record] = goldenTable('values', 'public.t_num');
    const golden = goldenTableSchema(record as GoldenRecord);
    const told = { masked: 'true', '__debezium.source.column.type': 'INT4' };
    const table = {
      ...golden,
      columns: golden.columns.map((column) => ({
        ...column,
        schema: { ...column.schema, parameters: told },
      })),
    };
    const parameters = (options: EnvelopeOptions): unknown =>
      tableRecordSchemas(table, options).key?.fields?.[0]?.schema.parameters;
    expect(parameters(OPTIONS)).toEqual(told);
    const original = { ...OPTIONS, keyTellsSourceType: false };
    expect(parameters(original)).toEqual({ masked: 'true' });
    expect(tableRecordSchemas(table, original).row.fields?.[0]?.schema.parameters).toEqual(told);
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
