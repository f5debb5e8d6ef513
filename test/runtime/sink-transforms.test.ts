import { describe, expect, test } from 'vitest';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { SinkTransforms } from '../../src/runtime/sink-transforms.ts';
import { ReplaceField } from '../../src/transform/connect/replace-field.ts';
import { ExtractNewRecordState } from '../../src/transform/debezium/extract-new-record-state.ts';
import { ownOptions } from '../support/transform-records.ts';
import { column, SinkTopic } from '../support/sink-records.ts';

const topic = new SinkTopic({
  table: 't',
  columns: [
    column('id', null, { type: 'int32' }),
    column('a', null, { type: 'string' }),
    column('b', null, { type: 'string' }),
  ],
  key: ['id'],
});
const record = topic.insert({ id: 1, a: 'x', b: 'y' });

const unwrap = new ExtractNewRecordState(ownOptions('ExtractNewRecordState'));
const rename = new ReplaceField(
  ownOptions('ReplaceField$Value', { renames: 'a:z', exclude: 'b' }),
  'value',
);
const flattened = (given: ConnectRecord): ConnectRecord | null => {
  const made = unwrap.apply(given);
  return made === null ? null : rename.apply(made);
};

test('the place in the log stays, a new topic is only a name', () => {
  const seen: ConnectRecord[] = [];
  const transforms = new SinkTransforms((given) => {
    seen.push(given);
    return { ...given, topic: 'other', partition: 9, offset: 99, timestampMs: 1 };
  });
  const headers = [
    { name: 'n', value: Buffer.from('5') },
    { name: 'list', value: Buffer.from('["a", "b"]') },
    { name: 'none', value: null },
  ];
  expect(transforms.transform(record, headers)).toEqual({ ...record, destination: 'other' });
  expect(seen[0]?.headers.map(({ value }) => value)).toEqual([5, ['a', 'b'], null]);
  expect(seen[0]).toMatchObject({ partition: record.partition, offset: record.offset });
});

test('a dropped record is none', () => {
  expect(new SinkTransforms(() => null).transform(record, [])).toBeNull();
});

test('a flat row takes the place of the envelope, a delete becomes a tombstone', () => {
  const transforms = new SinkTransforms(flattened);
  const row = transforms.transform(record, []);
  expect(row?.value?.schema.fields?.map(({ name }) => name)).toEqual(['id', 'z']);
  expect(row?.value?.values).toEqual([1, 'x']);
  const deleted = transforms.transform(topic.delete({ id: 1, a: 'x', b: 'y' }), []);
  expect([deleted?.value, deleted?.key?.values]).toEqual([null, [1]]);
});

describe('values that the source left out', () => {
  const absent = (names: string[], of: SinkRecord = record): readonly string[] | undefined =>
    new SinkTransforms(flattened).transform({ ...of, absent: names }, [])?.absent;

  test('are known under their new names', () => {
    expect(absent(['a'])).toEqual(['z']);
    expect(absent(['b'])).toEqual([]);
    expect(absent(['id'])).toEqual(['id']);
    expect(absent([])).toEqual([]);
  });

  test('go with the row to the key that the transforms make', () => {
    const { key } = record;
    if (key === null) throw new Error('a key');
    const moved = { ...record, movedTo: { schema: key.schema, values: [7] } };
    const renamed = new ReplaceField(ownOptions('ReplaceField$Key', { renames: 'id:pk' }), 'key');
    const made = new SinkTransforms((given) => renamed.apply(given)).transform(moved, []);
    expect(made?.movedTo?.values).toEqual([7]);
    expect(made?.movedTo?.schema).toBe(made?.key?.schema);
    expect(made?.key?.schema.fields?.[0]?.name).toBe('pk');
  });
});

test('a key that is no struct has no place in a table', () => {
  const schema = { type: 'int32', optional: false } as const;
  const transforms = new SinkTransforms((given) => ({ ...given, key: { schema, value: 1 } }));
  expect(() => transforms.transform(record, [])).toThrow(
    'left a key of shop.public.t that is no struct',
  );
});
