import { expect, test } from 'vitest';
import { conditionNotice, eventNotice } from '../../src/alert/alert-notice.ts';
import { noticeText } from '../../src/alert/alert-text.ts';
import { alertCondition, alertEvent } from '../support/alert-fixtures.ts';

test('an event: old and new side by side, what follows, what to do', () => {
  const event = alertEvent({
    severity: 'breaking',
    facts: [
      { label: 'amount', value: 'integer → text' },
      { label: 'Tidemark', value: 'registered version 4\nwent on' },
      { label: 'next', value: 'tidemark plan shop.yaml' },
    ],
  });
  expect(noticeText(eventNotice(event, 'breaking', 'shop', 0))).toBe(
    `[breaking] shop: orders.amount is bigint now (was integer)

  table     public.orders
  when      2023-11-14T22:13:20Z
  position  0/1A2B
  amount    integer → text
  Tidemark  registered version 4
            went on
  next      tidemark plan shop.yaml

schema.column_widened, alert schema:0/1A2B:public.orders:column_widened
`,
  );
});

test('a condition: since when, how bad, why, what to do; then that it is over', () => {
  const measure = { value: 125_000, unit: 'ms', threshold: 60_000, bad: 'above' } as const;
  const told = { severity: 'warning', measure, sinceMs: 1_700_000_000_000, told: 0 } as const;
  const condition = alertCondition();
  const nowMs = 1_700_000_065_000;
  const firing = conditionNotice({ ...told, condition, status: 'firing' }, 'shop', nowMs);
  expect(noticeText(firing)).toBe(
    `[warning] shop: sink warehouse is behind the log

  sink      warehouse
  since     2023-11-14T22:13:20Z (1 min 5 s)
  measured  2 min 5 s (limit 1 min)
  cause     it is slow
  next      tidemark status shop.yaml

lag.sink, alert lag.sink:warehouse@2023-11-14T22:13:20.000Z
`,
  );
  const resolved = conditionNotice({ ...told, condition, status: 'resolved' }, 'shop', nowMs);
  expect(noticeText(resolved)).toContain('[resolved] shop: sink warehouse is behind the log');
  expect(noticeText(resolved)).toContain('held  1 min 5 s, since 2023-11-14T22:13:20Z');
  const still = conditionNotice({ ...told, condition, status: 'repeated' }, 'shop', nowMs);
  expect(noticeText(still)).toContain('[warning] shop: STILL: sink warehouse');
});
