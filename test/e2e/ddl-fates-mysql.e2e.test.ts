import { expect, test } from 'vitest';
import { expectFates } from '../support/ddl-fates.ts';
import {
  fateServers,
  targetsOfEachKind,
  targetsOfEachPolicy,
} from '../support/fate-target-sets.ts';
import { binlogFates } from '../support/fated-sources.ts';

const LONG = { timeout: 900_000 };

test('DDL of MySQL comes to in each target what its alert has foretold', LONG, async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await fateServers(true);
  const source = stack.use(await binlogFates(servers.mysql));
  const outcomes = await expectFates(source, await targetsOfEachKind(stack, servers));
  expect([...outcomes].toSorted()).toEqual(['alters', 'parks', 'takes']);
});

test('DDL of MySQL comes to what each policy of a sink makes of it', LONG, async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await fateServers(false);
  const source = stack.use(await binlogFates(servers.mysql));
  const outcomes = await expectFates(source, await targetsOfEachPolicy(stack, servers));
  expect([...outcomes]).toEqual(expect.arrayContaining(['holds', 'dead letters']));
});
