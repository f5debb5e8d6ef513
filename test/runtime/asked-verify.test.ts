import { expect, test } from 'vitest';
import { TidemarkError, TidemarkErrors } from '../../src/foundation/errors.ts';
import { askedBody, askedVerify, toldLine } from '../../src/runtime/asked-verify.ts';

const REQUEST = {
  tables: [/^(?:public\.orders)$/],
  sink: 'file',
  rowsPerSecond: 500,
  sample: { amount: { percent: 1.5 }, seed: 7 },
  waitMs: 5_000,
  shown: 3,
};

test('what is asked for comes to the daemon as it was', () => {
  const sent: unknown = JSON.parse(JSON.stringify(askedBody({ request: REQUEST, repair: true })));
  const { request, repair } = askedVerify(sent);
  expect(repair).toBe(true);
  expect({ ...request, tables: [] }).toEqual({ ...REQUEST, tables: [] });
  expect(['public.orders', 'public.orders2'].map((name) => request.tables[0]?.test(name))).toEqual([
    true,
    false,
  ]);
  const plain = { tables: [], sink: null, rowsPerSecond: null, waitMs: 60_000, shown: 100 };
  expect(askedVerify(undefined)).toEqual({ request: { ...plain, sample: null }, repair: false });
});

test.for([
  [[], 'JSON object'],
  [{ table: 'a' }, 'has no table'],
  [{ tables: 'a' }, 'a list of patterns'],
  [{ tables: [1] }, 'patterns as texts'],
  [{ tables: ['('] }, 'regular expressions'],
  [{ sink: 1 }, 'name of a sink'],
  [{ repair: 'yes' }, 'true or false'],
  [{ rowsPerSecond: 0 }, 'rowsPerSecond as a whole number from 1'],
  [{ waitMs: -1 }, 'waitMs as a whole number from 0'],
  [{ sample: { amount: { rows: 10 } } }, 'seed as a whole number'],
  [{ sample: { amount: { percent: 101 }, seed: 1 } }, 'a percent above 0'],
  [{ sample: 5 }, 'a sample as a JSON object'],
] as const)('%j is refused', ([body, reason]) => {
  expect(() => askedVerify(body)).toThrow(reason);
});

test('a report is the same over there: its errors are of their class again', () => {
  const problem = new TidemarkError('SINK_SCHEMA', 'there is no table', { cure: 'Make it.' });
  const table = { sink: 'file', source: 'public.a', target: null, keyColumns: [], verdict: null };
  const told = toldLine(JSON.stringify({ tables: [{ ...table, problem }] }));
  expect(told).toEqual({ tables: [{ ...table, problem }] });
  const [back] = told !== null && 'tables' in told ? told.tables : [];
  expect(back?.problem).toBeInstanceOf(TidemarkError);
  expect(back?.problem?.exitCode).toBe(problem.exitCode);
  const failed = (): unknown => toldLine(JSON.stringify({ errors: [problem] }));
  expect(failed).toThrow(TidemarkErrors);
  expect(failed).toThrow('there is no table');
  expect(() => toldLine('{"errors":[{"code":"LATER","message":"m","cure":"c"}]}')).toThrow('m');
  expect([toldLine('{"alive":true}'), toldLine('{"warning":"w"}')]).toEqual([
    null,
    { warning: 'w' },
  ]);
});
