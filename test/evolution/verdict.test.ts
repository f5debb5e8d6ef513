import { describe, expect, test } from 'vitest';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
} from '../../src/converter/registry/compatibility.ts';
import type { SchemaVerdict } from '../../src/converter/registry/schema-verdict.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import type { SinkFate } from '../../src/evolution/verdict.ts';
import { judgeSubject, verdictOf } from '../../src/evolution/verdict.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const int: ConnectSchema = { type: 'int32', optional: false };
const long: ConnectSchema = { type: 'int64', optional: false };
const text: ConnectSchema = { type: 'string', optional: false };

function row(fields: Readonly<Record<string, ConnectSchema>>): ConnectSchema {
  const own = Object.entries(fields).map(([name, schema]) => ({ name, schema }));
  return { type: 'struct', optional: false, name: 'shop.t.Value', fields: own };
}

const subject = 'shop.public.t-value';

test('each level: refused where it forbids, a warning for the readers that it forgets', () => {
  const verdicts = COMPATIBILITY_LEVELS.map((level) => {
    const verdict = judgeSubject({
      subject,
      level,
      before: row({ a: int }),
      after: row({ a: long }),
    });
    return [level, verdict?.grade, verdict?.isRefused];
  });
  expect(verdicts).toEqual([
    ['NONE', 'breaking', false],
    ['BACKWARD', 'warning', false],
    ['BACKWARD_TRANSITIVE', 'warning', false],
    ['FORWARD', 'breaking', true],
    ['FORWARD_TRANSITIVE', 'breaking', true],
    ['FULL', 'breaking', true],
    ['FULL_TRANSITIVE', 'breaking', true],
  ]);
});

test('a transitive level compares with what nobody writes any more', () => {
  const before = row({ a: int });
  const after = row({ a: int, b: int });
  const earlier = [row({ a: int, b: { type: 'string', optional: false } }), before].map(
    (schema, i) => ({ version: i + 1, schema: avroSchemaText(schema) }),
  );
  const of = (level: 'FORWARD' | 'FORWARD_TRANSITIVE') =>
    judgeSubject({ subject, level, before, after, earlier });
  expect(of('FORWARD')).toMatchObject({ grade: 'warning', isRefused: false });
  expect(of('FORWARD_TRANSITIVE')).toMatchObject({ grade: 'breaking', isRefused: true });
  expect(of('FORWARD_TRANSITIVE')?.text).toContain('b was string, is int');
});

test('the same bytes that mean something else are told, though every registry takes them', () => {
  const time = (unit: string): ConnectSchema => ({ ...long, name: `io.debezium.time.${unit}` });
  const [before, after] = [row({ at: time('Timestamp') }), row({ at: time('MicroTimestamp') })];
  expect(judgeSubject({ subject, level: 'FULL', before, after })).toEqual({
    subject,
    level: 'FULL',
    grade: 'breaking',
    isRefused: false,
    text:
      'field at means io.debezium.time.MicroTimestamp now (was io.debezium.time.Timestamp), ' +
      'in the same bytes',
  });
});

test('without a registry the text names no level', () => {
  const verdict = judgeSubject({
    subject,
    level: null,
    before: row({ a: int }),
    after: row({ a: { type: 'string', optional: false } }),
  });
  expect(verdict).toMatchObject({ grade: 'breaking', isRefused: false });
  expect(verdict?.text).toMatch(/^field a was int, is string, but readers/);
});

describe('JSON Schema', () => {
  const change = (level: CompatibilityLevel) =>
    judgeSubject({
      subject,
      level,
      before: row({ 'two words': int }),
      after: row({ 'two words': { ...long, type: 'float64' } }),
      json: 'confluent',
    });

  test('is judged by its own rules, and takes any name', () => {
    expect(change('BACKWARD')).toMatchObject({ grade: 'warning', isRefused: false });
    expect(change('FULL')).toMatchObject({ grade: 'breaking', isRefused: true });
    expect(change('FULL')?.text).toContain('field two words was int, is double: FULL forbids it');
    // Who reads yesterday's schema takes an integer: nobody keeps the source from sending others.
    expect(change('NONE')).toMatchObject({ grade: 'breaking', isRefused: false });
  });

  test('what the registry itself said is what holds', () => {
    const answered: SchemaVerdict = {
      grade: 'breaking',
      level: 'BACKWARD',
      version: 3,
      changes: [],
      text: 'the registry forbids it',
    };
    const [before, after] = [row({ a: int }), row({ a: long })];
    expect(
      judgeSubject({ subject, level: 'BACKWARD', before, after, json: 'apicurio', answered }),
    ).toMatchObject({ isRefused: true, text: 'the registry forbids it' });
  });
});

test('columns that Avro has no names for are judged where no Avro is written', () => {
  const [before, after] = [row({ 'two words': int }), row({ 'two words': text })];
  expect(judgeSubject({ subject, level: null, before, after })?.text).toMatch(
    /^field two words was int, is string, but readers/,
  );
  expect(judgeSubject({ subject, level: null, before, after: before })).toBeNull();
});

const added = { class: 'column_added', column: 'a', old: null, now: 'integer' } as const;
const dropped = { class: 'column_dropped', column: 'b', old: 'integer', now: null } as const;
const fate = (outcome: SinkFate['outcome'], cure: string | null = null): SinkFate => ({
  sink: 'warehouse',
  outcome,
  text: 'does something',
  cure,
});

test.each([
  ['takes', 'warning'],
  ['unaffected', 'warning'],
  ['unknown', 'warning'],
  ['alters', 'warning'],
  ['parks', 'breaking'],
  ['holds', 'breaking'],
  ['dead letters', 'breaking'],
] as const)('a sink that %s: %s', (outcome, grade) => {
  expect(verdictOf([added], [], [fate(outcome)]).grade).toBe(grade);
});

test('the alert is called after what people want to see first', () => {
  expect(verdictOf([added, dropped], [], []).class).toBe('column_dropped');
  const rewritten = { class: 'rows_rewritten', column: null, old: null, now: 'x' } as const;
  expect(verdictOf([rewritten, added], [], []).class).toBe('column_added');
  expect(verdictOf([rewritten], [], []).class).toBe('rows_rewritten');
});

test('the next step: the registry first, then the target, then people', () => {
  const verdict = {
    subject,
    level: 'FULL',
    grade: 'breaking',
    isRefused: true,
    text: 'x',
  } as const;
  expect(verdictOf([added], [verdict], [fate('parks', 'ALTER TABLE t')]).command).toContain(
    `/config/${encodeURIComponent(subject)}`,
  );
  expect(verdictOf([added], [], [fate('parks', 'ALTER TABLE t')])).toMatchObject({
    affected: 'sink warehouse',
    command: 'ALTER TABLE t',
  });
  expect(verdictOf([added], [], [])).toMatchObject({
    affected: 'whoever reads the records of this table',
    command: null,
  });
  const moved = { class: 'column_moved', column: null, old: 'a, b', now: 'b, a' } as const;
  expect(verdictOf([moved], [], [])).toMatchObject({ grade: 'info', affected: 'nobody' });
  expect(verdictOf([added], [], [], 'c is of type pg_snapshot')).toMatchObject({
    grade: 'breaking',
    command: 'tidemark check <pipeline file>',
  });
});

test('a sink that could not be asked is asked by the next step', () => {
  expect(verdictOf([added], [], [fate('unknown')])).toMatchObject({
    next: expect.stringMatching(
      /^Tell the readers .* warehouse, which could not be asked\.$/,
    ) as string,
    command: 'tidemark plan <pipeline file>',
  });
  const moved = { class: 'column_moved', column: null, old: 'a, b', now: 'b, a' } as const;
  expect(verdictOf([moved], [], [fate('unknown')]).next).toMatch(/^See what will become of/);
  expect(verdictOf([added], [], [fate('unknown'), fate('parks', 'ALTER TABLE t')]).command).toBe(
    'ALTER TABLE t',
  );
});

test('a replica identity is as bad as what goes missing', () => {
  const identity = (now: string) =>
    verdictOf([{ class: 'replica_identity', column: null, old: 'default', now }], [], []).grade;
  expect(['full', 'index', 'default', 'nothing'].map(identity)).toEqual([
    'info',
    'warning',
    'warning',
    'breaking',
  ]);
});
