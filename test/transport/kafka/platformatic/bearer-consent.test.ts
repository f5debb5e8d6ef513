import { expect, test } from 'vitest';
import { bearerConsent } from '../../../../src/transport/kafka/platformatic/bearer-consent.ts';

test.each([
  ['', null],
  ['{"status":"invalid_token"}', 'Kafka refused the login: OAUTHBEARER invalid_token'],
  ['{"status":"hunter2 hunter2"}', 'Kafka refused the login: OAUTHBEARER was refused'],
])('the answer %j means %s, and is told once', (answer, message) => {
  const told: (string | null)[] = [];
  bearerConsent(Buffer.from(answer), (error) => told.push(error?.message ?? null));
  expect(told).toEqual([message]);
});
