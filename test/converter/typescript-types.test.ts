import { expect, test } from 'vitest';
import { typescriptText } from '../../src/converter/typescript-types.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const int: ConnectSchema = { type: 'int32', optional: false };
const text: ConnectSchema = { type: 'string', optional: true };

test('all kinds of values, as JsonConverter writes them', () => {
  const fields = Object.entries({
    id: { type: 'int64', optional: false, name: 'io.debezium.time.MicroTimestamp' },
    note: { ...text, doc: 'ends */ here' },
    'odd name': { type: 'boolean', optional: false },
    raw: { type: 'bytes', optional: true },
    tags: { type: 'array', optional: false, valueSchema: text },
    grid: {
      type: 'array',
      optional: true,
      valueSchema: { type: 'array', optional: false, valueSchema: int },
    },
    named: { type: 'map', optional: false, keySchema: text, valueSchema: int },
    sparse: { type: 'map', optional: false, keySchema: int, valueSchema: int },
    at: { type: 'struct', optional: true, fields: [{ name: 'x', schema: int }] },
  } satisfies Record<string, ConnectSchema>).map(([name, schema]) => ({ name, schema }));
  const schema: ConnectSchema = { type: 'struct', optional: false, fields };
  expect(typescriptText('shop.public.order_items.Value', schema))
    .toBe(`export interface ShopPublicOrderItemsValue {
  /** io.debezium.time.MicroTimestamp */
  readonly id: number;
  /** ends *\\/ here */
  readonly note: string | null;
  readonly "odd name": boolean;
  readonly raw: string | null;
  readonly tags: readonly (string | null)[];
  readonly grid: readonly (readonly number[])[] | null;
  readonly named: Readonly<Record<string, number>>;
  readonly sparse: readonly (readonly [number, number])[];
  readonly at: {
    readonly x: number;
  } | null;
}
`);
  expect(typescriptText('1.t', { ...schema, fields: [] })).toBe('export interface T1T {\n}\n');
});
