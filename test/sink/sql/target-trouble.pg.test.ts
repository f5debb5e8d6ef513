import { expect, test } from 'vitest';
import { counters, putUntilApplied, rows } from '../../support/sink-counters.ts';
import { put } from '../../support/sink-harness.ts';
import { postgresSinkTarget, startTargetSink } from '../../support/sink-target.ts';
import { contractOfTrouble } from './sink-contract-of-trouble.ts';

contractOfTrouble({
  make: postgresSinkTarget,
  patient: "SET lock_timeout = 0; SET deadlock_timeout = '1min'; SET statement_timeout = 0",
  waits: `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  // What the server says when a file cannot grow.
  fill: [
    `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
     END $$`,
    `CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON counters
       FOR EACH ROW EXECUTE FUNCTION full_disk()`,
  ],
  free: 'DROP TRIGGER full_disk ON counters',
  said: { slow: /lock timeout/, deadlock: /deadlock detected/, full: /No space left on device/ },
});

test('a statement that runs too long is cut off by the server, and done later (S10)', async () => {
  await using target = await postgresSinkTarget();
  await using sink = await startTargetSink(target, { statementTimeoutMs: 500 });
  const topic = counters();
  await put(sink, [topic.insert({ id: 1, n: 0 })]);
  await target.query(`CREATE FUNCTION drag() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(60); RETURN NEW; END $$`);
  await target.query(`CREATE TRIGGER drag BEFORE UPDATE ON counters
    FOR EACH ROW EXECUTE FUNCTION drag()`);
  const records = [topic.update({ id: 1, n: 1 })];
  await expect(put(sink, records)).rejects.toMatchObject({
    code: 'SINK_SERVER',
    message: expect.stringContaining('statement timeout') as string,
  });
  await target.query('DROP TRIGGER drag ON counters');
  await putUntilApplied(sink, records);
  expect(await rows(target)).toBe('1:1');
  expect(sink.status()).toMatchObject({ parked: [], applied: 2 });
});

test('a database that becomes read-only: told, and written to once it is not (S10)', async () => {
  await using target = await postgresSinkTarget();
  await using sink = await startTargetSink(target);
  const topic = counters();
  await put(sink, [topic.insert({ id: 1, n: 0 })]);
  const [{ name } = { name: '' }] = await target.query<{ name: string }>(
    'SELECT current_database() AS name',
  );
  const records = [topic.update({ id: 1, n: 1 })];
  await target.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
  // Sessions that are there go on as they were.
  await target.cutSinks();
  await expect(put(sink, records)).rejects.toMatchObject({ retry: 'backoff' });
  await expect(put(sink, records)).rejects.toMatchObject({
    code: 'SINK_SERVER',
    message: expect.stringContaining('read-only transaction') as string,
  });
  expect(sink.status().parked).toEqual([]);
  await target.query('SET default_transaction_read_only = off');
  await target.query(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
  await target.cutSinks();
  await putUntilApplied(sink, records);
  expect(await rows(target)).toBe('1:1');
});
