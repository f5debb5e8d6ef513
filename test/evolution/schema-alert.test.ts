import { expect, test } from 'vitest';
import { alertId, schemaAlert } from '../../src/evolution/schema-alert.ts';
import { shapeChanges } from '../../src/evolution/shape-difference.ts';
import { verdictOf } from '../../src/evolution/verdict.ts';
import type { ShapeEvent } from '../../src/model/table-shape.ts';
import { column, event, shape } from '../support/shape-fixtures.ts';

const OLD = shape([column('id'), column('amount')]);
const NOW = shape([column('id'), column('amount', { type: 'bigint' }), column('note')]);

function alertOf(happened: ShapeEvent) {
  const changes = shapeChanges(happened);
  const sinks = [
    { sink: 'warehouse', outcome: 'alters', text: 'alters public.t', cure: null },
  ] as const;
  return schemaAlert(happened, changes, verdictOf(changes, [], sinks), 'shop');
}

test('somebody on call sees what happened, to whom, what was done and what to do', () => {
  const ddl = 'ALTER TABLE t ALTER amount TYPE bigint, ADD note integer';
  const alert = alertOf(event({ before: OLD, after: NOW, ddl }));
  expect(alert).toMatchObject({
    class: 'schema.column_widened',
    severity: 'warning',
    table: 'public.t',
    title: 'public.t.amount is bigint now (was integer) (and 1 more change)',
    position: '0/16B3748',
  });
  expect(alert.facts.map(({ label, value }) => `${label}: ${value}`)).toEqual([
    'column_widened amount: integer → bigint',
    'column_added note: – → integer',
    `statement: ${ddl}`,
    'affected: sink warehouse',
    'Tidemark: goes on; records have the new shape from this change on',
    'sink warehouse: alters public.t',
    'next: Tell the readers of this table; they can go on as they are.',
  ]);
});

test('the id is of the event alone', () => {
  const first = alertOf(event({ before: OLD, after: NOW }));
  expect(alertOf(event({ before: OLD, after: NOW, atMs: 5, position: 'x' })).id).toBe(first.id);
  expect(alertOf(event({ before: OLD, after: NOW, key: '3:abc' })).id).not.toBe(first.id);
  expect(first.id).toBe(alertId('shop', 'public.t', '2:abc'));
  expect(alertId('other', 'public.t', '2:abc')).not.toBe(first.id);
});

test('a wide table is cut short, not its count', () => {
  const wide = Array.from({ length: 40 }, (_, i) => column(`c${i}`));
  const { facts } = alertOf(event({ before: OLD, after: shape([...OLD.columns, ...wide]) }));
  expect(facts[12]).toEqual({ label: 'more', value: '28 changes' });
});

test.each([
  [{ before: null, after: OLD }, 'public.t is new (id, amount)', 'captures it from here on'],
  [
    { before: null, after: OLD, isUncaptured: true },
    'public.t is new (id, amount)',
    'does not capture it yet',
  ],
  [{ before: OLD, after: null }, 'public.t was dropped', 'has nothing more to capture of it'],
  [
    { before: OLD, after: OLD, truncated: true },
    'public.t was truncated',
    'sends the truncation on',
  ],
] as const)('%o', (happened, title, done) => {
  const alert = alertOf(event(happened));
  expect(alert.title).toBe(title);
  expect(alert.facts.find(({ label }) => label === 'Tidemark')?.value).toContain(done);
});

test('what is read again, and what cannot be captured, is told', () => {
  const rewrites = { id: '1', reason: 'n is another', follows: 'the table is read again' };
  const done = (happened: ShapeEvent) =>
    alertOf(happened).facts.find(({ label }) => label === 'Tidemark')?.value;
  expect(done(event({ before: OLD, after: OLD, rewrites }))).toContain('the table is read again');
  const after = { shape: NOW, schema: null, problem: 'public.t.note is of type odd' };
  expect(done({ ...event({ before: OLD, after: NOW }), after })).toContain('of type odd');
});
