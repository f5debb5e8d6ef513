import { expect, test } from 'vitest';
import type { AlertSeverity } from '../../src/model/alert.ts';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { LogChannel } from '../../src/alert/log-channel.ts';
import { alertEvent } from '../support/alert-fixtures.ts';

test.each([
  ['info', 'info'],
  ['warning', 'warn'],
  ['breaking', 'error'],
  ['critical', 'error'],
] as const)('an alert that is %s is a line of level %s', async (severity: AlertSeverity, level) => {
  const lines: unknown[] = [];
  const write = (name: string) => (fields: object, text: string) =>
    void lines.push([name, text, fields]);
  const logger = { info: write('info'), warn: write('warn'), error: write('error') };
  await new LogChannel('log', logger).deliver(eventNotice(alertEvent(), severity, 'shop', 0));
  expect(lines).toEqual([
    [
      level,
      `alert [${severity}] shop: orders.amount is bigint now (was integer)`,
      expect.objectContaining({
        facts: expect.objectContaining({ amount: 'integer → bigint' }) as unknown,
      }),
    ],
  ]);
});
