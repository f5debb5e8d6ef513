import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { mayGate, schemaChangeProblems } from '../../src/config/schema-section.ts';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function problemsOf(schema: unknown, sinks: readonly unknown[] = []): readonly string[] {
  try {
    parsedPipeline({ schema, sinks });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    return error.errors.map(({ message }) => message.replaceAll(/ \(\/p\.yaml:\d+\)/g, ''));
  }
}

test('without the section every change is followed', () => {
  const { schemaChanges } = parsedPipeline();
  expect(schemaChanges).toEqual({
    policy: 'evolve',
    rules: [],
    holdBuffer: 'spool',
    holdBytesMax: 1024 ** 3,
    holdDeadlineMs: 0,
    deadlineAction: 'exception',
  });
  expect(mayGate(schemaChanges)).toBe(false);
});

test('rules, limits, and what follows at them', () => {
  const { schemaChanges } = parsedPipeline({
    schema: {
      'change.policy': 'ignore',
      'hold.buffer': 'source',
      'hold.max.bytes': '5mb',
      'hold.deadline': '2h',
      'hold.deadline.action': 'Reject',
      'change.policies': [
        { tables: 'public\\.o.*', classes: 'column_dropped, key_changed', policy: 'HOLD' },
        { grades: ['breaking'], policy: 'try_evolve' },
      ],
    },
  });
  expect(schemaChanges).toMatchObject({
    policy: 'ignore',
    holdBuffer: 'source',
    holdBytesMax: 5 * 1024 ** 2,
    holdDeadlineMs: 7_200_000,
    deadlineAction: 'reject',
    rules: [
      { policy: 'hold', classes: ['column_dropped', 'key_changed'], grades: [] },
      { policy: 'try_evolve', tables: [], classes: [], grades: ['breaking'] },
    ],
  });
  expect(schemaChanges.rules[0]?.tables[0]?.test('public.orders')).toBe(true);
  expect(mayGate(schemaChanges)).toBe(true);
});

test.each<readonly [unknown, string]>([
  [{ 'change.policy': 'hld' }, 'hold'],
  [{ 'change.polices': [] }, 'did you mean change.policies?'],
  [{ 'change.policies': 'hold' }, 'must be a list'],
  [{ 'change.policies': [{ tables: 'x' }] }, 'policy is required'],
  [{ 'change.policies': [{ policy: 'hold', table: 'x' }] }, 'did you mean tables?'],
  [{ 'change.policies': [{ policy: 'hold', classes: 'column_droped' }] }, 'column_dropped?'],
  [{ 'change.policies': [{ policy: 'hold', grades: 'bad' }] }, 'one of info, warning, breaking'],
  [{ 'change.policies': [{ policy: 'hold', classes: 'table_dropped' }] }, 'no record of a table'],
  [{ 'change.policies': [{ policy: 'lenient', classes: 'table_truncated' }] }, 'has none'],
  [{ 'hold.buffer': 'disk' }, 'spool, source'],
  [{ 'hold.deadline.action': 'shrug' }, 'exception'],
  [[1], 'must be a map'],
])('%j is refused with the way out', (schema, text) => {
  const problems = problemsOf(schema);
  expect(problems.join('\n')).toContain(text);
});

test('a class that is only told may be followed in silence', () => {
  expect(
    problemsOf({ 'change.policies': [{ policy: 'ignore', classes: 'table_dropped' }] }),
  ).toEqual([]);
});

test('a sink of whole transactions waits for every table, so none may wait', () => {
  const sink = { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://me@h/w' };
  const source = { 'provide.transaction.metadata': 'true' };
  const document = (policy: string) => ({
    name: 'shop',
    source: {
      'connector.class': 'postgres',
      'database.hostname': 'h',
      'database.dbname': 'd',
      'database.user': 'u',
      'topic.prefix': 'shop',
      ...source,
    },
    sinks: [{ ...sink, 'transaction.mode': 'source' }],
    schema: { 'change.policy': policy },
  });
  const parse = (policy: string) => parsePipeline(JSON.stringify(document(policy)), '/p.yaml', {});
  expect(() => parse('hold')).toThrow('transaction.mode source of the sink w');
  const { schemaChanges, sinks } = parse('ignore');
  expect(schemaChangeProblems(schemaChanges, sinks)).toEqual([]);
});
