import { describe, expect, test } from 'vitest';
import type { ConnectRecord } from '../../../src/model/connect-record.ts';
import type { Struct } from '../../../src/model/connect-schema.ts';
import { ExtractNewRecordState } from '../../../src/transform/debezium/extract-new-record-state.ts';
import {
  changeRecord,
  ownOptions,
  plain,
  ROW,
  tombstone,
} from '../../support/transform-records.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';

const TYPE = 'io.debezium.transforms.ExtractNewRecordState';
const unwrap = (given: Record<string, string> = {}): ExtractNewRecordState =>
  new ExtractNewRecordState(ownOptions(TYPE, given));
const insert = changeRecord('c', null, [1, 'a', null]);
const remove = changeRecord('d', [1, 'a', 'b'], null);

describe('a row', () => {
  test('takes the place of its envelope, under a schema that is always the same object', () => {
    const transform = unwrap();
    const record = transform.apply(insert);
    expect(plain(record)).toEqual({ id: 1, v: 'a', w: null });
    expect(record?.value.schema).toEqual({ ...ROW, optional: false });
    const again = transform.apply(changeRecord('u', null, [2, 'b', null]));
    expect(again?.value.schema).toBe(record?.value.schema);
  });

  test.each([
    ['true', 'tombstone', null],
    ['true', 'rewrite', 'dflt'],
    ['false', 'rewrite', null],
  ])(
    'null: replace.null.with.default=%s acts where deletes are rewritten: %s',
    (replace, mode, value) => {
      const given = {
        'replace.null.with.default': replace,
        'delete.tombstone.handling.mode': mode,
      };
      const record = unwrap(given).apply(changeRecord('c', null, [1, null, null]));
      expect(plain(record)).toMatchObject({ v: value, w: null });
    },
  );

  test('what is no envelope passes', () => {
    const other: ConnectRecord = { ...insert, value: { schema: ROW, value: null } };
    const heartbeat = { ...other, value: { schema: ROW, value: { schema: ROW, values: [] } } };
    expect(unwrap().apply(heartbeat)).toBe(heartbeat);
  });

  test('a truncate is dropped', () => {
    expect(unwrap().apply(changeRecord('t', null, null))).toBeNull();
  });
});

describe('deletes', () => {
  const results = (mode: string): (ConnectRecord | null)[] => {
    const transform = unwrap({ 'delete.tombstone.handling.mode': mode });
    return [transform.apply(remove), transform.apply(tombstone())];
  };

  test('drop', () => {
    expect(results('drop')).toEqual([null, null]);
  });

  test('tombstone: a null that keeps the schema of the row', () => {
    const [deleted, behind] = results('tombstone');
    expect(deleted?.value).toEqual({ schema: ROW, value: null });
    expect(behind).toBeNull();
  });

  test('delete-to-tombstone: nothing at all', () => {
    const [deleted, behind] = results('delete-to-tombstone');
    expect(deleted?.value).toEqual({ schema: null, value: null });
    expect(behind).toBeNull();
  });

  test.each(['rewrite', 'rewrite-with-tombstone'])('%s: the old row, marked', (mode) => {
    const [deleted, behind] = results(mode);
    expect(plain(deleted ?? null)).toEqual({ id: 1, v: 'a', w: 'b', __deleted: 'true' });
    expect(behind === null).toBe(mode === 'rewrite');
    const kept = unwrap({ 'delete.tombstone.handling.mode': mode }).apply(insert);
    expect(plain(kept)).toMatchObject({ __deleted: 'false' });
  });
});

describe('additions', () => {
  test('fields of the envelope, of its structs, under other names', () => {
    const fields = 'op,table,source.lsn,ts_ms,lsn:POSITION,transaction.id';
    const record = unwrap({ 'add.fields': fields }).apply(insert);
    expect(plain(record)).toEqual({
      id: 1,
      v: 'a',
      w: null,
      __op: 'c',
      __table: 't',
      __source_lsn: 77n,
      __ts_ms: 5n,
      __POSITION: 77n,
      __transaction_id: null,
    });
    const added = record?.value.schema?.fields?.slice(3) ?? [];
    expect(added.every(({ schema }) => schema.optional)).toBe(true);
  });

  test('headers, also of deletes', () => {
    const record = unwrap({ 'add.headers': 'op,lsn', 'add.headers.prefix': 'x.' }).apply(remove);
    expect(record?.headers.map(({ name, value }) => [name, value])).toEqual([
      ['x.op', 'd'],
      ['x.lsn', 77n],
    ]);
  });

  test('what no envelope has is not added, as in the original', () => {
    const record = unwrap({ 'add.fields': 'nope,op', 'add.headers': 'pos' }).apply(insert);
    expect(plain(record)).toEqual({ id: 1, v: 'a', w: null, __op: 'c' });
    expect(record?.headers).toEqual([]);
  });

  test('a tombstone that passes says that it is of a delete', () => {
    const mode = { 'delete.tombstone.handling.mode': 'rewrite-with-tombstone' };
    const record = unwrap({ ...mode, 'add.headers': 'op,lsn' }).apply(tombstone());
    expect(record?.headers.map(({ name, value }) => [name, value])).toEqual([['__op', 'd']]);
  });
});

test('route.by.field names the topic', () => {
  const transform = unwrap({ 'route.by.field': 'v' });
  expect(transform.apply(insert)?.topic).toBe('a');
  expect(transform.apply(remove)?.topic).toBe('a');
  expect(unwrap({ 'route.by.field': 'w' }).apply(insert)?.topic).toBe('p.public.t');
  expect(() => unwrap({ 'route.by.field': 'id' }).apply(insert)).toThrow('is no text');
});

test('fields named in a header are left out, required ones only when asked', () => {
  const names = { name: 'drop', schema: null, value: ['id', 'w'] };
  const record = { ...insert, headers: [names] };
  const drop = { 'drop.fields.header.name': 'drop' };
  expect(plain(unwrap(drop).apply(record))).toEqual({ id: 1, v: 'a' });
  const all = { 'drop.fields.keep.schema.compatible': 'false', 'drop.fields.from.key': 'true' };
  const without = unwrap({ ...drop, ...all }).apply(record);
  expect(plain(without)).toEqual({ v: 'a' });
  const key = without?.key.value as Struct | undefined;
  expect(key?.values).toEqual([]);
});

test.each(await compareRecorded('extract-new-record-state'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
