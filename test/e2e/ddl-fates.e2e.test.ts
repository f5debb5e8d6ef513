import { expect, test } from 'vitest';
import { expectFates } from '../support/ddl-fates.ts';
import {
  fateServers,
  targetsOfEachKind,
  targetsOfEachPolicy,
} from '../support/fate-target-sets.ts';
import { postgresFates } from '../support/fated-sources.ts';

/*
 * What an alert foretells of each sink is what the sink then does: each case of DDL on a table that
 * its targets have, then a row of the new shape. The same of binlogs: `ddl-fates-<family>` beside.
 */
const LONG = { timeout: 900_000 };

test('DDL of PostgreSQL comes to in each target what its alert has foretold', LONG, async () => {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await postgresFates());
  const targets = await targetsOfEachKind(stack, await fateServers(true));
  const outcomes = await expectFates(source, targets);
  expect([...outcomes].toSorted()).toEqual(['alters', 'parks', 'takes']);
});

test('DDL of PostgreSQL comes to what each policy of a sink makes of it', LONG, async () => {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await postgresFates());
  const targets = await targetsOfEachPolicy(stack, await fateServers(false));
  const outcomes = await expectFates(source, targets);
  expect([...outcomes]).toEqual(expect.arrayContaining(['holds', 'dead letters']));
});
