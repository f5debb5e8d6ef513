import { expect, test } from 'vitest';
import { examineOptions } from '../../src/config/resolve-options.ts';
import {
  TRANSFORM_OPTIONS,
  TRANSFORM_RULES,
  transformSettings,
} from '../../src/config/transform-options.ts';
import type { ExaminedOptions } from '../../src/config/resolve-options.ts';

const examine = (input: Record<string, string>): ExaminedOptions =>
  examineOptions(TRANSFORM_OPTIONS, input, {
    where: 's',
    rules: TRANSFORM_RULES,
    providers: { environment: {}, folder: '/' },
  });

const UNWRAP = 'io.debezium.transforms.ExtractNewRecordState';

test('each transform gets its own properties, with defaults', () => {
  const { options, problems } = examine({
    transforms: 'a,b',
    'transforms.a.type': UNWRAP,
    'transforms.a.add.fields': 'op,lsn',
    'transforms.b.type': 'io.debezium.transforms.outbox.EventRouter',
  });
  expect(problems).toEqual([]);
  const [a, b] = transformSettings(options);
  if (a?.kind !== 'built-in' || b?.kind !== 'built-in') throw new Error('not built in');
  expect(a.type).toBe('ExtractNewRecordState');
  expect(a.options.list('add.fields')).toEqual(['op', 'lsn']);
  expect(a.options.string('delete.tombstone.handling.mode')).toBe('tombstone');
  expect(b.options.string('route.topic.replacement')).toBe('outbox.event.${routedByValue}');
});

test.each([
  ['Cast$Key', 'Cast', 'key'],
  ['org.apache.kafka.connect.transforms.Cast$Value', 'Cast', 'value'],
  ['Filter', 'Filter', null],
  ['outbox.EventRouter', 'EventRouter', null],
  ['io.debezium.transforms.Filter', 'ScriptFilter', null],
  ['partitions.PartitionRouting', 'PartitionRouting', null],
])('%s is %s of %s', (type, name, side) => {
  const required = {
    Cast: { spec: 'int8' },
    ScriptFilter: { language: 'js', condition: 'true' },
    PartitionRouting: { 'partition.payload.fields': 'op', 'partition.topic.num': '2' },
  };
  const given = Object.entries(required[name as 'Cast'] ?? {});
  const own = Object.fromEntries(given.map(([key, value]) => [`transforms.a.${key}`, value]));
  const { options, problems } = examine({ transforms: 'a', 'transforms.a.type': type, ...own });
  expect(problems).toEqual([]);
  expect(transformSettings(options)).toMatchObject([{ kind: 'built-in', type: name, side }]);
});

test('a path is a module, whose properties are its own', () => {
  const { options } = examine({
    transforms: 'a',
    'transforms.a.type': './mine.ts',
    'transforms.a.any.thing': 'x',
    'transforms.a.predicate': 'p',
    'transforms.a.negate': 'true',
    predicates: 'p',
    'predicates.p.type': 'RecordIsTombstone',
  });
  expect(transformSettings(options)).toMatchObject([
    { kind: 'module', path: './mine.ts', properties: { 'any.thing': 'x' }, negate: true },
  ]);
});

test.each([
  [{ transforms: 'a' }, 'transforms.a.type is required'],
  [{ transforms: 'a', 'transforms.a.type': 'x.Y' }, 'x.Y is not built; there are'],
  [{ transforms: 'a', 'transforms.a.type': 'RegexRoutr' }, 'did you mean RegexRouter'],
  [
    { transforms: 'a', 'transforms.a.type': 'Cast', 'transforms.a.spec': 'int8' },
    'Cast$Key or Cast$Value',
  ],
  [{ transforms: 'a', 'transforms.a.type': 'Filter$Key' }, 'write it without $Key'],
  [
    { transforms: 'a', 'transforms.a.type': 'Filter', 'transforms.a.condition': 'x' },
    'a Filter with a condition is io.debezium.transforms.Filter',
  ],
  [
    { transforms: 'a', 'transforms.a.type': 'ValueToKey', 'transforms.a.field': 'x' },
    'did you mean fields',
  ],
  [{ transforms: 'a,a', 'transforms.a.type': 'Filter' }, 'a is named twice'],
  [
    { transforms: 'ab', 'transforms.ab.type': 'Filter', 'transforms.abc.x': '1' },
    'did you mean ab',
  ],
  [{ 'transforms.a.type': 'Filter' }, 'transforms does not name a'],
  [
    { predicates: 'p', 'predicates.p.type': 'RecordIsTombstone' },
    'no transform uses the predicate p',
  ],
  [{ predicates: 'p' }, 'predicates.p.type is required'],
  [{ predicates: 'p', 'predicates.p.type': 'X' }, 'X is not built; there are TopicNameMatches'],
  [
    {
      transforms: 'a',
      'transforms.a.type': 'io.debezium.connector.mongodb.transforms.ExtractNewDocumentState',
    },
    'is refused: there is no MongoDB source',
  ],
  [
    { transforms: 'a', 'transforms.a.type': UNWRAP, 'transforms.a.drop.tombstones': 'true' },
    'it went with Debezium 3.2',
  ],
  [
    { transforms: 'a', 'transforms.a.type': UNWRAP, 'transforms.a.add.field': 'op' },
    'did you mean add.fields',
  ],
  [
    { transforms: 'a', 'transforms.a.type': UNWRAP, 'transforms.a.predicate': 'p' },
    'predicates does not name p',
  ],
  [
    {
      transforms: 'a',
      'transforms.a.type': UNWRAP,
      'transforms.a.delete.tombstone.handling.mode': 'keep',
    },
    'delete.tombstone.handling.mode',
  ],
])('%j', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});
