import { describe, expect, test } from 'vitest';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { TRANSFORM_OPTIONS, transformSettings } from '../../src/config/transform-options.ts';
import type { ConnectHeader } from '../../src/model/connect-record.ts';
import type { ApplyChain } from '../../src/transform/transform-chain.ts';
import { transformChain } from '../../src/transform/transform-chain.ts';
import { changeRecord, plain, tombstone } from '../support/transform-records.ts';

function chain(input: Record<string, string>): Promise<ApplyChain> {
  const providers = { environment: {}, folder: '/' };
  const { options } = examineOptions(TRANSFORM_OPTIONS, input, { where: 's', providers });
  return transformChain(transformSettings(options), { folder: '/', warn: () => undefined });
}

const ROUTE = {
  'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.route.regex': '(.*)',
  'transforms.route.replacement': 'x.$1',
};

test('one after the other; a dropped record ends it', async () => {
  const apply = await chain({
    transforms: 'unwrap,route',
    'transforms.unwrap.type': 'ExtractNewRecordState',
    ...ROUTE,
  });
  const record = apply(changeRecord('c', null, [1, 'a', 'b']));
  expect(record?.topic).toBe('x.p.public.t');
  expect(plain(record)).toEqual({ id: 1, v: 'a', w: 'b' });
  expect(apply(tombstone())).toBeNull();
});

test.each([
  ['RecordIsTombstone', {}, ['p.public.t', 'x.p.public.t']],
  ['TopicNameMatches', { 'predicates.p.pattern': 'p\\..*' }, ['x.p.public.t', 'x.p.public.t']],
  ['HasHeaderKey', { 'predicates.p.name': 'h' }, ['x.p.public.t', 'p.public.t']],
])('where the predicate %s holds', async (type, more, topics) => {
  const input = {
    transforms: 'route',
    ...ROUTE,
    predicates: 'p',
    'predicates.p.type': type,
    'transforms.route.predicate': 'p',
    ...more,
  };
  const header = { name: 'h', schema: null, value: 'x' };
  const records = [{ ...changeRecord('c', null, [1, 'a', 'b']), headers: [header] }, tombstone()];
  const apply = await chain(input);
  expect(records.map((record) => apply(record)?.topic)).toEqual(topics);
  const negated = await chain({ ...input, 'transforms.route.negate': 'true' });
  const others = records.map((record) => negated(record)?.topic);
  expect(others).toEqual(topics.map((t) => (t === 'p.public.t' ? 'x.p.public.t' : 'p.public.t')));
});

describe('headers that a tombstone shares with its delete', () => {
  const changed = {
    'transforms.c.type': 'ExtractChangedRecordState',
    'transforms.c.header.changed.name': 'changed',
  };
  const unwrap = {
    'transforms.u.type': 'ExtractNewRecordState',
    'transforms.u.add.headers': 'op',
    'transforms.u.delete.tombstone.handling.mode': 'rewrite-with-tombstone',
  };
  const insert = {
    'transforms.i.type': 'InsertHeader',
    'transforms.i.header': 'x',
    'transforms.i.value.literal': '1',
  };

  test.each([
    ['c,u,i', ['changed', '__op']],
    ['u,c', ['__op']],
    ['i,c', []],
    ['c', ['changed']],
  ])('%s: %j', async (transforms, names) => {
    const all = { ...changed, ...unwrap, ...insert };
    const own = Object.entries(all).filter(([name]) => transforms.includes(name.charAt(11)));
    const apply = await chain({ transforms, ...Object.fromEntries(own) });
    const shared: ConnectHeader[] = [];
    expect(apply(changeRecord('d', [1, 'a', 'b'], null), shared)).not.toBeNull();
    expect(shared.map(({ name }) => name)).toEqual(names);
  });
});

describe('errors name the transform', () => {
  const key = {
    transforms: 'key',
    'transforms.key.type': 'ValueToKey',
    'transforms.key.fields': 'n',
  };

  test('of a record', async () => {
    const apply = await chain(key);
    expect(() => apply(changeRecord('c', null, [1, 'a', 'b']))).toThrow(
      'transforms.key: ValueToKey: there is no field n',
    );
    expect(() => apply(tombstone())).toThrow('transforms.key: ValueToKey needs a struct');
  });

  test('of a value that only the transform can judge', async () => {
    const cast = { transforms: 'c', 'transforms.c.type': 'Cast$Value', 'transforms.c.spec': 'a:x' };
    await expect(chain(cast)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'transforms.c: spec: nothing can be cast to "x"',
    });
  });
});
