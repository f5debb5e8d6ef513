import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { ReadingTrouble } from '../../../src/transport/kafka/reading-trouble.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setup() {
  const clock = new FakeClock();
  const trouble = new ReadingTrouble(clock, 1000);
  const away = new TidemarkError('KAFKA_CONNECT', 'away');
  return { clock, trouble, away };
}

test('what may pass is told when it has gone on for longer than a request, and once', () => {
  const { clock, trouble, away } = setup();
  trouble.note(away, true);
  clock.advance(1000);
  trouble.note(away, true);
  expect(trouble.take()).toBeNull();
  clock.advance(1);
  trouble.note(away, true);
  expect([trouble.take(), trouble.take()]).toEqual([away, null]);
  // From then on it has its time again.
  trouble.note(away, true);
  expect(trouble.take()).toBeNull();
});

test('an answer in between ends it', () => {
  const { clock, trouble, away } = setup();
  trouble.note(away, true);
  clock.advance(999);
  trouble.passed();
  clock.advance(999);
  trouble.note(away, true);
  expect(trouble.take()).toBeNull();
});

test('what does not pass is told at once; of several the first', () => {
  const { trouble, away } = setup();
  const refused = new TidemarkError('KAFKA_ACCESS', 'refused');
  trouble.note(away, true);
  trouble.note(refused, false);
  trouble.note(new TidemarkError('KAFKA_BROKER', 'later'), false);
  expect([trouble.take(), trouble.take()]).toEqual([refused, null]);
});
