import { expect, test } from 'vitest';
import type { ShapeEvent, ShapeListener } from '../../src/model/table-shape.ts';
import type { PlacedStatement } from '../../src/source/checked-migration.ts';
import {
  failedStatement,
  refusedStatements,
  StatementListener,
} from '../../src/source/checked-migration.ts';
import { column, shape } from '../support/shape-fixtures.ts';

const NOTHING = { known: () => null, caughtUp: done, seen: done } as const;

function done(): Promise<void> {
  return Promise.resolve();
}

function statement(line: number, text: string): PlacedStatement {
  return { script: 'm.sql', line, text };
}

function recorded(): { readonly listener: StatementListener; readonly events: ShapeEvent[] } {
  const events: ShapeEvent[] = [];
  const inner: ShapeListener = {
    ...NOTHING,
    changed: (event) => {
      events.push(event);
      return done();
    },
  };
  return { listener: new StatementListener(inner), events };
}

const shaped = { shape: shape([column('id', { type: 'integer' })]), schema: null };
const { schema, table } = shaped.shape.id;
const name = `${schema}.${table}`;
const event = { key: '1', before: shaped, after: null, position: 'x', atMs: 0, ddl: null };

test('a change is told with the statements that made it, and the place of the first', async () => {
  const { listener, events } = recorded();
  listener.ran(statement(1, 'a'), [{ table: 'other.t', before: '', after: '1' }]);
  listener.ran(statement(2, 'b'), [{ table: name, before: '', after: '1' }]);
  listener.ran(statement(3, 'c'), [{ table: name, before: '1', after: '2' }]);
  await listener.changed(event);
  expect(events).toEqual([{ ...event, position: 'm.sql:2', ddl: 'b;\nc' }]);
});

test('what was taken back did nothing; what nothing is known of is all that was run', async () => {
  const { listener, events } = recorded();
  listener.ran(statement(1, 'a'), [{ table: name, before: '0', after: '1' }]);
  listener.ran(statement(2, 'b'), [{ table: name, before: '1', after: '2' }]);
  listener.ran(statement(3, 'back'), [{ table: name, before: '2', after: '1' }]);
  await listener.changed(event);
  listener.ran(statement(4, 'back'), [{ table: name, before: '1', after: '0' }]);
  listener.ran(statement(5, 'c'), [{ table: name, before: '0', after: '5' }]);
  await listener.changed(event);
  listener.settled();
  await listener.changed(event);
  listener.ran(statement(6, 'd'), []);
  await listener.changed({ ...event, ddl: 'own' });
  expect(events.map(({ position, ddl }) => `${position} ${ddl}`)).toEqual([
    'm.sql:1 a',
    'm.sql:5 c',
    'x null',
    'm.sql:6 own',
  ]);
});

test('statements in errors have their places, and are cut', () => {
  const long = statement(7, `SELECT\n  ${'x'.repeat(300)}`);
  const refused = refusedStatements([{ at: long, reason: 'it leaves' }]);
  expect(refused.code).toBe('MIGRATION_REFUSED');
  expect(refused.message).toMatch(/^m\.sql:7: it leaves: SELECT x{193}…$/);
  const failed = failedStatement(statement(8, 'DROP x'), new Error('no x'));
  expect(failed.code).toBe('MIGRATION_FAILED');
  expect(failed.message).toBe('m.sql:8: no x\n  DROP x');
});
