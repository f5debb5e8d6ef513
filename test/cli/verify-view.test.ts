import { expect, test } from 'vitest';
import { ConsoleOutput } from '../../src/cli/console-output.ts';
import { reportJson } from '../../src/cli/verify-report.ts';
import { VerifyView } from '../../src/cli/verify-view.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { VerifiedTable } from '../../src/runtime/verify-pipeline.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NONE = {
  sample: null,
  missing: 0,
  surplus: 0,
  different: 0,
  unsettled: 0,
  repaired: 0,
  repairProblem: null,
  differences: [],
};
const EQUAL: VerifiedTable = {
  sink: 'copy',
  source: 'public.a',
  target: '"public"."a"',
  keyColumns: ['id', 'line'],
  verdict: { rows: 1200, readAgain: 3, ...NONE },
  problem: null,
};

function printed(isTTY: boolean, show: (view: VerifyView, clock: FakeClock) => void): string {
  let text = '';
  const stream = { isTTY, columns: 80, write: (part: string) => (text += part) };
  const output = new ConsoleOutput(stream, stream, { NO_COLOR: '1', TERM: 'xterm' });
  const clock = new FakeClock();
  show(new VerifyView(output, false, clock), clock);
  return text;
}

test('a bar with the time that is left, drawn over; lines now and then elsewhere', () => {
  const show = (view: VerifyView, clock: FakeClock): void => {
    const progress = { sink: 'copy', table: 'public.a', estimatedRows: 1000, suspects: 0 };
    view.progress({ ...progress, rows: 0 });
    clock.advance(3000);
    view.progress({ ...progress, rows: 250, suspects: 2 });
    clock.advance(50);
    view.progress({ ...progress, rows: 251 });
    view.close();
  };
  const drawn = printed(true, show);
  expect(drawn).toMatch(/█+░+ 250 of ~1,000, 9\.0 s left, 2 to look at again/);
  expect(drawn).not.toContain('251');
  expect(drawn.endsWith('\r\u001B[K')).toBe(true);
  expect(printed(false, show).split('\n')).toHaveLength(3);
});

test('the report names each key with both values, cut where they are long', () => {
  const long = 'x'.repeat(100);
  const differences = [
    { kind: 'missing', key: ['1', '2'], row: 0, columns: [], repaired: null },
    {
      kind: 'different',
      key: ['3', '4'],
      row: 1,
      columns: [{ name: 'v', source: long, target: null }],
      repaired: null,
    },
  ] as const;
  const verdict = { rows: 5, readAgain: 2, ...NONE, missing: 1, different: 4, unsettled: 1 };
  const text = printed(false, (view) => {
    view.report([{ ...EQUAL, verdict: { ...verdict, differences } }, EQUAL]);
  });
  expect(text.split('\n')).toEqual([
    'copy: public.a → "public"."a": 5 rows, 1 missing, 4 different',
    '  missing   id=1, line=2',
    '  different id=3, line=4',
    `      v: source ${'x'.repeat(60)}…, target NULL`,
    '  … and 3 more (--limit)',
    '  1 keys changed whenever they were looked at: nothing is said of them',
    'copy: public.a → "public"."a": 1,200 rows, equal',
    '1,205 rows of 2 tables compared: 1 tables differ',
    '',
  ]);
});

test('a table that could not be compared is not called equal', () => {
  const problem = new TidemarkError('CONFIG_UNSUPPORTED', 'no key', { cure: 'Leave it out.' });
  const open: VerifiedTable = { ...EQUAL, target: null, verdict: null, problem };
  const text = printed(false, (view) => {
    view.report([open]);
  });
  expect(text).toContain('copy: public.a: not compared: no key\n  cure: Leave it out.\n');
  expect(text).toContain('1 could not be, the others are equal');
  expect(reportJson([open, EQUAL])).toMatchObject({
    equal: false,
    tables: [
      { equal: null, problem: { code: 'CONFIG_UNSUPPORTED' } },
      { equal: true, rows: 1200, problem: null },
    ],
  });
});

test('what was repaired is told beside what was found, and counts as equal', () => {
  const one = { kind: 'surplus', key: ['1', '2'], row: null, columns: [], repaired: true } as const;
  const mended = { rows: 5, readAgain: 2, ...NONE, surplus: 1, repaired: 1, differences: [one] };
  const all: VerifiedTable = { ...EQUAL, verdict: mended };
  expect(printed(false, (view) => view.report([all])).split('\n')).toEqual([
    'copy: public.a → "public"."a": 5 rows, 1 surplus; 1 repaired',
    '  surplus   id=1, line=2, repaired',
    '5 rows of 1 tables compared: all equal, 1 rows repaired',
    '',
  ]);
  expect(reportJson([all])).toMatchObject({ equal: true, tables: [{ equal: true, surplus: 1 }] });
  const problem = new TidemarkError('VERIFY_REPAIR', 'the key is another one', {
    cure: 'Read it.',
  });
  const differences = [{ ...one, repaired: false }];
  const left = { ...mended, repaired: 0, repairProblem: problem, differences };
  const failed: VerifiedTable = { ...EQUAL, verdict: left };
  expect(printed(false, (view) => view.report([failed])).split('\n')).toEqual([
    'copy: public.a → "public"."a": 5 rows, 1 surplus',
    '  not repaired: the key is another one',
    '  cure: Read it.',
    '  surplus   id=1, line=2, still so',
    '5 rows of 1 tables compared: 1 tables differ',
    '',
  ]);
  expect(reportJson([failed])).toMatchObject({
    equal: false,
    tables: [{ repairProblem: { code: 'VERIFY_REPAIR' }, differences: [{ repaired: false }] }],
  });
});

test('a sample tells how to take it again, and what it does not say', () => {
  const verdict = { rows: 1000, readAgain: 0, ...NONE };
  const textOf = (findsSurplus: boolean): string =>
    printed(false, (view) => {
      const sample = { seed: 7, ranges: 20, findsSurplus };
      view.report([{ ...EQUAL, verdict: { ...verdict, sample } }]);
    });
  expect(textOf(true)).toContain('1,000 rows, equal\n  a sample: 20 random ranges (--seed 7)\n');
  expect(textOf(false)).toContain('(--seed 7); rows that only the target has were not looked for');
});
