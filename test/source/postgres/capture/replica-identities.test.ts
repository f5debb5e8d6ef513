import { expect, test } from 'vitest';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  identityCommand,
  planIdentities,
  type IdentityRule,
} from '../../../../src/source/postgres/capture/replica-identities.ts';
import { columnInfo, tableInfo, uniqueIndex } from '../../../support/table-fixtures.ts';

const KEYED = tableInfo({
  columns: [
    columnInfo('id', { number: 1, notNull: true }),
    columnInfo('code', { number: 2, notNull: true }),
    columnInfo('note', { number: 3 }),
  ],
  uniqueIndexes: [
    uniqueIndex([1], { name: 'pk', primary: true }),
    uniqueIndex([2], { name: 'by code' }),
    uniqueIndex([3], { name: 'by_note' }),
    uniqueIndex([2], { name: 'late', immediate: false }),
  ],
});

function plan(
  table: TableInfo,
  rule: Partial<IdentityRule>,
  how: { readonly inRecovery?: boolean; readonly wanted?: boolean } = {},
) {
  const rules = [{ table: /^public\.orders$/, identity: 'full', index: null, ...rule } as const];
  return planIdentities([table], rules, {
    wanted: () => how.wanted ?? true,
    inRecovery: how.inRecovery ?? false,
  });
}

test.for<readonly [Partial<IdentityRule>, string]>([
  [{ identity: 'full' }, 'FULL'],
  [{ identity: 'nothing' }, 'NOTHING'],
  [{ identity: 'index', index: 'by code' }, 'USING INDEX "by code"'],
])('%j', ([rule, words]) => {
  const { statements, problems, tables } = plan(KEYED, rule);
  expect(problems).toEqual([]);
  expect(statements).toEqual([`ALTER TABLE "public"."orders" REPLICA IDENTITY ${words}`]);
  // What is so already is left alone.
  expect(plan(tables[0] ?? KEYED, rule).statements).toEqual([]);
});

test('tables that no rule names, that are not captured, or that are views stay as they are', () => {
  expect(plan(KEYED, { table: /^public\.other$/ }).statements).toEqual([]);
  expect(plan(KEYED, {}, { wanted: false }).statements).toEqual([]);
  expect(plan({ ...KEYED, kind: 'view' }, {}).statements).toEqual([]);
  expect(plan(KEYED, { identity: 'default' }).statements).toEqual([]);
});

test.for<readonly [string, Partial<TableInfo>, Partial<IdentityRule>, string, string]>([
  ['no such index', {}, { identity: 'index', index: 'x' }, 'PG_REPLICA_IDENTITY', 'unique'],
  ['nullable', {}, { identity: 'index', index: 'by_note' }, 'PG_REPLICA_IDENTITY', 'NOT NULL'],
  ['deferrable', {}, { identity: 'index', index: 'late' }, 'PG_REPLICA_IDENTITY', 'deferrable'],
  ['of another', { owned: false, owner: 'dba' }, {}, 'PG_PERMISSION', 'As dba: ALTER TABLE'],
])('%s: refused', ([, table, rule, code, cure]) => {
  const { statements, problems, tables } = plan({ ...KEYED, ...table }, rule);
  expect(statements).toEqual([]);
  expect(problems).toMatchObject([{ code, cure: expect.stringContaining(cure) as string }]);
  expect(tables[0]?.replicaIdentity).toBe('default');
});

test('a standby names the statement for its primary', () => {
  expect(plan(KEYED, {}, { inRecovery: true }).problems[0]?.cure).toBe(
    'On the primary: ALTER TABLE "public"."orders" REPLICA IDENTITY FULL;',
  );
});

test('an ALTER waits for its lock only so long', () => {
  expect(identityCommand(['ALTER x', 'ALTER PUBLICATION p'])).toBe(
    `SET LOCAL lock_timeout = '10s'; ALTER x; ALTER PUBLICATION p`,
  );
});
