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
  expect(a?.type).toBe('ExtractNewRecordState');
  expect(a?.options.list('add.fields')).toEqual(['op', 'lsn']);
  expect(a?.options.string('delete.tombstone.handling.mode')).toBe('tombstone');
  expect(b?.options.string('route.topic.replacement')).toBe('outbox.event.${routedByValue}');
});

test.each([
  [{ transforms: 'a' }, 'transforms.a.type is required'],
  [{ transforms: 'a', 'transforms.a.type': 'x.Y' }, 'x.Y is not built; there are'],
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
