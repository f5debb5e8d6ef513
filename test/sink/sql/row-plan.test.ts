import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import type { Cell } from '../../../src/sink/sql/row-plan.ts';
import {
  ABSENT,
  AbsentValues,
  encodeKey,
  encodeRow,
  keyText,
  planRow,
} from '../../../src/sink/sql/row-plan.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { struct } from '../../support/sink-records.ts';
import { textTable } from '../../support/sink-models.ts';

const placeholder = new AbsentValues('__stand_in__');
const model = textTable(['k', 'a', 'extra'], ['k']);
const schema: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: ['a', 'k'].map((name) => ({ name, schema: { type: 'string', optional: true } })),
};
const names = ['a', 'k'].map((name) => ({ field: name, column: name }));
const nothing = { columns: [], value: schema };
const key = { schema, names: names.slice(1) };
const plan = planRow(model, { schema, names }, key, SQL_SINK_DEFAULTS, nothing);

test('cells stand at the numbers of the target, columns that the record lacks are open', () => {
  expect(encodeRow(plan, struct(schema, { a: 'x', k: '1' }), [], placeholder)).toEqual([
    '1',
    'x',
    undefined,
  ]);
  expect(plan.columns).toEqual([0, 1]);
  expect(plan.keyColumns).toEqual([0]);
  expect(plan.keyFromValue).toBe(true);
});

test('absent by the header, else by the placeholder; with a header a text is a text', () => {
  const row = struct(schema, { a: '__stand_in__', k: '1' });
  expect(encodeRow(plan, row, [], placeholder)[1]).toBe(ABSENT);
  expect(encodeRow(plan, row, ['other'], placeholder)[1]).toBe('__stand_in__');
  expect(encodeRow(plan, row, ['a'], placeholder)[1]).toBe(ABSENT);
  expect(encodeRow(plan, row, [], new AbsentValues(null))[1]).toBe('__stand_in__');
  expect(placeholder.isPlaceholder(Buffer.from('__stand_in__'))).toBe(true);
  expect(placeholder.isPlaceholder(['__stand_in__'])).toBe(true);
  expect(placeholder.isPlaceholder(['__stand_in__', 'x'])).toBe(false);
});

test('keys of several columns cannot be confused, null is refused', () => {
  expect(keyText([0, 1], ['a', 'bc'])).not.toBe(keyText([0, 1], ['ab', 'c']));
  expect(keyText([0], ['a'])).toBe('a');
  const cells: Cell[] = [undefined, undefined, undefined];
  encodeKey(plan, struct(schema, { k: '1' }), cells);
  expect(cells[0]).toBe('1');
  expect(() => encodeKey(plan, struct(schema, { k: null }), cells)).toThrow(/key column k is null/);
});

test('a null is its default where that is wanted, in keys too; what is absent stays absent', () => {
  const withDefault: ConnectSchema = {
    ...schema,
    fields: ['a', 'k'].map((name) => ({
      name,
      schema: { type: 'string', optional: true, default: `${name}0` },
    })),
  };
  const both = { schema: withDefault, names };
  const key = { schema: withDefault, names: names.slice(1) };
  const nulls = struct(withDefault, { a: null, k: null });
  const kept = planRow(model, both, key, SQL_SINK_DEFAULTS, nothing);
  expect(encodeRow(kept, nulls, [], placeholder)).toEqual([null, null, undefined]);
  const replaced = planRow(
    model,
    both,
    key,
    { ...SQL_SINK_DEFAULTS, nullsAsDefaults: true },
    nothing,
  );
  expect(encodeRow(replaced, nulls, [], placeholder)).toEqual(['k0', 'a0', undefined]);
  expect(encodeRow(replaced, nulls, ['a'], placeholder)[1]).toBe(ABSENT);
  const cells: Cell[] = [undefined, undefined, undefined];
  encodeKey(replaced, nulls, cells);
  expect(cells[0]).toBe('k0');
});
