import { expect, test } from 'vitest';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { MakeTransform, TransformRecord } from '../../src/model/transform-module.ts';
import { structTools } from '../../src/transform/struct-tools.ts';
import { changeRecord, plain } from '../support/transform-records.ts';

/** The compiler says whether what we promise is what we hand over, and the other way around. */
const promised = (record: ConnectRecord): TransformRecord => record;
const taken = (record: TransformRecord): ConnectRecord => record;

const make: MakeTransform = ({ field = 'v' }, tools) => {
  return (record) => {
    const { value } = record.value;
    if (tools.get(value, 'op') === 'd') return null;
    const changed = tools.set(value, field, 'x');
    return { ...record, value: { schema: changed.schema, value: changed } };
  };
};

test('a transform can be written against the types', async () => {
  const apply = await make({ field: 'extra' }, structTools);
  const made = apply(promised(changeRecord('c', null, [1, 'a', null])));
  expect(plain(made === null ? null : taken(made))).toMatchObject({ op: 'c', extra: 'x' });
  expect(apply(promised(changeRecord('d', [1, 'a', null], null)))).toBeNull();
});
