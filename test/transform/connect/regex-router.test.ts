import { expect, test } from 'vitest';
import { RegexRouter } from '../../../src/transform/connect/regex-router.ts';
import { tombstone } from '../../support/transform-records.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each([
  ['(.*)', 'x.$1', 'p.public.t', 'x.p.public.t'],
  ['(?<routedByValue>.*)', 'outbox.event.${routedByValue}', 'Order', 'outbox.event.Order'],
  ['public', 'other', 'p.public.t', 'p.public.t'],
  ['[^.]+\\.(.*)', '$1', 'p.public.t', 'public.t'],
  ['(.*)', 'a\\$b', 'p', 'a$b'],
])('%s → %s: %s becomes %s', (regex, replacement, topic, wanted) => {
  const record = { ...tombstone(), topic };
  expect(new RegexRouter(regex, replacement).apply(record).topic).toBe(wanted);
});

test.each(await compareRecorded('regex-router'))('as recorded: $title', ({ wanted, found }) => {
  expect(found).toEqual(wanted);
});
