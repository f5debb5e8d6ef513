import { expect, test } from 'vitest';
import {
  parseReplicaIdentities,
  POSTGRES_GUARD_OPTIONS,
} from '../../src/config/postgres-guard-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

function examine(name: string, value: string) {
  return examineOptions(
    POSTGRES_GUARD_OPTIONS,
    { [name]: value },
    { where: 's', providers: { environment: {}, folder: '/' } },
  );
}

test.each([
  ['offset.mismatch.strategy', 'no_validation', 'trust_offset'],
  ['offset.mismatch.strategy', 'trust_slot', 'trust_slot'],
  ['lsn.flush.mode', 'connector_and_driver', 'connector'],
  ['lsn.flush.mode', 'manual', 'manual'],
  ['snapshot.isolation.mode', 'serializable', 'repeatable_read'],
  ['snapshot.isolation.mode', 'read_committed', 'repeatable_read'],
  ['snapshot.isolation.mode', 'read_uncommitted', 'repeatable_read'],
  ['event.processing.failure.handling.mode', 'fail', 'fail'],
  ['flush.lsn.source', 'true', 'true'],
  ['table.ignore.builtin', 'true', 'true'],
  ['guardrail.collections.limit.action', 'fail', 'fail'],
])('%s: %s is taken as %s', (name, value, taken) => {
  const { options, problems } = examine(name, value);
  expect(problems).toEqual([]);
  expect(options.string(name)).toBe(taken);
});

test.each([
  ['event.processing.failure.handling.mode', 'skip', 'silent loss'],
  ['event.processing.failure.handling.mode', 'warn', 'silent loss'],
  ['flush.lsn.source', 'false', 'lsn.flush.mode: manual'],
  ['table.ignore.builtin', 'false', 'not in the logical WAL'],
])('%s: %s would be missed, so it is refused', (name, value, why) => {
  const { problems } = examine(name, value);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({
    code: 'CONFIG_UNSUPPORTED',
    message: expect.stringContaining(why) as string,
  });
});

test('replica.identity.autoset.values: patterns with their identities', () => {
  expect(parseReplicaIdentities('public.a:FULL, (.*).b:index b_key,c.d:Default')).toEqual([
    { table: /^(?:public.a)$/i, identity: 'full', index: null },
    { table: /^(?:(.*).b)$/i, identity: 'index', index: 'b_key' },
    { table: /^(?:c.d)$/i, identity: 'default', index: null },
  ]);
  for (const text of ['a', 'a:', ':FULL', 'a:ALL', 'a:INDEX', 'a(:FULL']) {
    expect(parseReplicaIdentities(text)).toBeUndefined();
  }
});
