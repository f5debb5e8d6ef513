import { expect, test } from 'vitest';
import {
  decideChange,
  isGoverned,
  isIgnored,
  needsVerdict,
} from '../../src/evolution/change-policy.ts';
import type { AskedVerdict } from '../../src/evolution/change-policy.ts';
import type { ShapeChange } from '../../src/evolution/shape-difference.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function config(policies: readonly object[], policy = 'evolve') {
  const schema = { 'change.policy': policy, 'change.policies': policies };
  return parsedPipeline({ schema }).schemaChanges;
}

const change = (kind: ShapeChange['class'], column: string | null = 'c'): ShapeChange => ({
  class: kind,
  column,
  old: null,
  now: null,
});
const fine: AskedVerdict = { grade: 'warning', subjects: [], sinks: [] };
const refused: AskedVerdict = {
  grade: 'breaking',
  sinks: [],
  subjects: [
    { subject: 's-value', level: 'BACKWARD', grade: 'breaking', isRefused: true, text: 'no c' },
  ],
};
const sinkOf = (outcome: 'parks' | 'unknown' | 'alters'): AskedVerdict => ({
  grade: 'breaking',
  subjects: [],
  sinks: [{ sink: 'w', outcome, text: 'parks t', cure: null }],
});

test('the first rule that covers table, class and grade decides', () => {
  const rules = config([
    { tables: 'public\\.t', classes: 'column_added', policy: 'ignore' },
    { tables: 'public\\.t', grades: 'breaking', policy: 'exception' },
    { tables: 'public\\.t', policy: 'hold' },
  ]);
  const kindOf = (table: string, kind: ShapeChange['class'], verdict: AskedVerdict) =>
    decideChange(rules, table, [change(kind)], verdict).kind;
  expect(kindOf('public.t', 'column_added', refused)).toBe('evolve');
  expect(kindOf('public.t', 'column_dropped', refused)).toBe('exception');
  expect(kindOf('public.t', 'column_dropped', fine)).toBe('hold');
  expect(kindOf('public.u', 'column_dropped', refused)).toBe('evolve');
  expect([isGoverned(rules, 'public.t'), isGoverned(rules, 'public.u')]).toEqual([true, false]);
  expect(isIgnored(rules, 'public.t', [change('column_added')], 'info')).toBe(true);
  const both = [change('column_added'), change('column_dropped')];
  expect(isIgnored(rules, 'public.t', both, 'info')).toBe(false);
  expect(isIgnored(rules, 'public.t', [], 'info')).toBe(false);
});

test('of several changes the strictest policy holds for the table, lenient for its own', () => {
  const rules = config([
    { classes: 'column_added', policy: 'lenient' },
    { classes: 'column_retyped', policy: 'hold' },
    { classes: 'key_changed', policy: 'exception' },
  ]);
  const decide = (...changes: ShapeChange[]) => decideChange(rules, 'public.t', changes, null);
  const added = change('column_added');
  expect(decide(added, change('column_dropped', 'd'))).toEqual({
    kind: 'evolve',
    kept: new Set(['["column_added","c"]']),
  });
  expect(decide(added, change('column_retyped')).kind).toBe('hold');
  expect(decide(change('column_retyped'), change('key_changed', null))).toEqual({
    kind: 'exception',
    reason: 'the policy of key_changed is exception',
  });
});

test('try_evolve goes on unless somebody has said no', () => {
  const rules = config([{ policy: 'try_evolve' }]);
  const decide = (verdict: AskedVerdict) =>
    decideChange(rules, 'public.t', [change('column_dropped')], verdict);
  expect(decide(fine).kind).toBe('evolve');
  expect(decide(sinkOf('alters')).kind).toBe('evolve');
  expect(decide(sinkOf('unknown')).kind).toBe('evolve');
  expect(decide(sinkOf('parks'))).toEqual({ kind: 'hold', reason: 'try_evolve: sink w parks t' });
  expect(decide(refused)).toMatchObject({ kind: 'hold' });
});

test('registry and sinks are asked only where the answer matters', () => {
  const changes = [change('column_dropped')];
  expect(needsVerdict(config([{ policy: 'hold' }]), 'public.t', changes)).toBe(false);
  expect(needsVerdict(config([], 'try_evolve'), 'public.t', changes)).toBe(true);
  const graded = config([{ classes: 'column_added', grades: 'info', policy: 'hold' }]);
  expect(needsVerdict(graded, 'public.t', changes)).toBe(false);
  expect(needsVerdict(graded, 'public.t', [change('column_added')])).toBe(true);
});
