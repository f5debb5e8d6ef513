import { expect, test, vi } from 'vitest';
import type { PostgresTruncateChange } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import { AlertRecorder } from '../support/alert-recorder.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { column, event, schemaOf, shape } from '../support/shape-fixtures.ts';

const OLD = shape([column('id')]);
const NOW = shape([column('id'), column('a')]);
const schema = schemaOf({ id: { type: 'int32', optional: false } });

test('what fails behind the stored shape is raised again, and only that', async () => {
  const recorder = new AlertRecorder('postgresql');
  const alerts = recorder.listener();
  await alerts.seen({ shape: OLD, schema }, '0/1');
  expect(alerts.known('public.t')).toMatchObject({ version: 1, shape: OLD });
  recorder.failing = new Error('the disk is full');
  await expect(alerts.changed(event({ before: OLD, after: NOW }))).rejects.toThrow('is full');
  await expect(alerts.caughtUp()).rejects.toThrow('is full');
  // The shape is known already, so nobody would find the change again.
  expect(alerts.known('public.t')).toMatchObject({ version: 2, shape: NOW });
  recorder.failing = null;
  const next = recorder.listener();
  await next.caughtUp();
  await next.caughtUp();
  await alerts.caughtUp();
  expect([recorder.events.length, recorder.repeated]).toEqual([1, 1]);
  await next.changed(event({ before: NOW, after: null, key: '3:gone' }));
  await recorder.listener().caughtUp();
  expect(recorder.events.map(({ class: kind }) => kind)).toEqual([
    'schema.column_added',
    'schema.table_dropped',
  ]);
  expect(recorder.repeated).toBe(1);
});

test('a statement that a crash has told again makes no second version', async () => {
  const recorder = new AlertRecorder('mysql');
  const change = event({ before: OLD, after: NOW });
  await recorder.listener().changed(change);
  await recorder.listener().changed(change);
  expect(recorder.events).toHaveLength(1);
  expect(recorder.listener().known('public.t')).toMatchObject({ version: 1, shape: NOW });
});

test('after a restart the records of before are those that were stored', async () => {
  const recorder = new AlertRecorder('postgresql');
  await recorder.listener().seen({ shape: OLD, schema }, null);
  const later = schemaOf({ id: { type: 'string', optional: false } });
  const now = shape([column('id', { type: 'text' })]);
  await recorder.listener().changed(event({ before: OLD, after: now, schemas: [null, later] }));
  expect(recorder.events[0]?.details['subjects']).toMatchObject([
    { subject: expect.stringContaining('"FULL":"breaking"') as string },
  ]);
});

// Statements of a binlog have no records with them; of a TRUNCATE no sink's fate was told.
test('a truncation is judged by the records that were stored', async () => {
  const recorder = new AlertRecorder('mysql');
  const judge = vi.spyOn(recorder, 'judge');
  await recorder.listener().seen({ shape: OLD, schema }, null);
  const told = { shape: OLD, schema: null };
  const truncation = { ...event({ before: OLD, after: OLD }), before: told, after: told };
  await recorder.listener().changed({ ...truncation, truncated: true });
  const [[, before, after] = []] = judge.mock.calls;
  expect(before).toEqual(schema);
  expect(after).toEqual(schema);
});

test('what changes nothing is told to nobody; a rename moves the history on', async () => {
  const recorder = new AlertRecorder('postgresql');
  const alerts = recorder.listener();
  await alerts.changed(event({ before: OLD, after: OLD }));
  expect(recorder.events).toEqual([]);
  const renamed = { ...OLD, id: { ...OLD.id, table: 'u' } };
  await alerts.changed(event({ before: OLD, after: renamed, key: '9' }));
  expect(alerts.known('public.t')?.shape).toBeNull();
  expect(alerts.known('public.u')?.shape).toEqual(renamed);
});

test('truncations are waited for; our own are no news', async () => {
  const recorder = new AlertRecorder('postgresql');
  const alerts = recorder.listener();
  const change = (ordinal: number): PostgresTruncateChange => ({
    family: 'postgres',
    table: schema,
    lsn: lsn(16n),
    commitLsn: lsn(32n),
    previousCommitLsn: null,
    transactionId: 7,
    ordinal,
    sourceMicros: 5_000_000n,
    snapshot: 'false',
  });
  alerts.truncated(change(-1));
  expect(alerts.settled()).toBeUndefined();
  alerts.truncated(change(0));
  alerts.truncated(change(1));
  await alerts.settled();
  expect(alerts.settled()).toBeUndefined();
  expect(recorder.events.map(({ class: kind, atMs }) => [kind, atMs])).toEqual([
    ['schema.table_truncated', 5000],
    ['schema.table_truncated', 5000],
  ]);
  alerts.truncated(change(0));
  await alerts.settled();
  expect(recorder.repeated).toBe(1);
  recorder.failing = new Error('no room');
  alerts.truncated(change(2));
  await expect(alerts.settled()).rejects.toThrow('no room');
});

test('nobody is told of what is ignored, and its shape is known all the same', async () => {
  const recorder = new AlertRecorder('postgresql');
  const change = event({ before: OLD, after: NOW });
  const policies = (policy: string) =>
    parsedPipeline({ schema: { 'change.policies': [{ classes: 'column_added', policy }] } })
      .schemaChanges;
  const alerts = recorder.listener(policies('ignore'));
  await alerts.changed(change);
  expect(recorder.events).toEqual([]);
  expect(alerts.known('public.t')).toMatchObject({ shape: NOW });
  const held = recorder.listener(policies('hold'));
  await held.changed(event({ before: OLD, after: NOW, key: '3:again' }));
  const facts = recorder.events.flatMap((told) => told.facts);
  expect(facts.find(({ label }) => label === 'Tidemark')?.value).toContain(
    'wait before its next record, others flow (the policy of column_added is hold)',
  );
});
