import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, parseLosslessJson } from '../../../src/foundation/lossless-json.ts';
import {
  childText,
  goneSince,
  isLater,
  type KeptRow,
  nestedDocument,
  NO_PARENT_STATE,
  parentText,
  readChild,
  readParent,
  withoutForgotten,
} from '../../../src/sink/search/nest-state.ts';

const kept = (version: string, row: string | null, goneAtMs = 0): KeptRow => ({
  version,
  row,
  goneAtMs,
});

function object(text: string) {
  const node = parseLosslessJson(text);
  if (!isJsonObject(node)) throw new Error('no object');
  return node;
}

const version = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const row = fc.oneof(
  fc.tuple(version, fc.json()).map(([at, text]) => kept(at, text)),
  fc.tuple(version, fc.nat()).map(([at, ms]) => kept(at, null, ms)),
);
const rows = fc.array(fc.tuple(fc.string(), row), { maxLength: 5 });

test('states are read as they were written, whatever the ids and rows', () => {
  const parent = fc.record({
    revision: fc.nat(),
    own: fc.option(row),
    fields: fc
      .array(
        fc.tuple(
          fc.string().filter((name) => name !== '__proto__'),
          rows,
        ),
        { maxLength: 3 },
      )
      .map((fields) => new Map(fields.map(([name, each]) => [name, new Map(each)]))),
  });
  fc.assert(
    fc.property(fc.string(), parent, (id, state) => {
      const source = object(parentText(id, state));
      expect(readParent(source)).toEqual(state);
      expect(source['gone_at'] ?? null).toBe(goneSince(state));
    }),
  );
  const parents = fc.record({ parent: fc.option(fc.string()), left: fc.array(fc.string()) });
  fc.assert(
    fc.property(fc.string(), row, parents, (id, own, places) => {
      const state = { ...own, ...places };
      expect(readChild(object(childText(id, 'lines', state)))).toEqual(state);
    }),
  );
  expect(() => readParent({})).toThrow('was changed');
});

test('versions compare as the numbers that they are', () => {
  fc.assert(
    fc.property(version, version, (one, other) => {
      expect(isLater(one, other)).toBe(BigInt(one) > BigInt(other));
    }),
  );
});

test('a document has its rows in the order of their keys, and none that are gone', () => {
  const lines = new Map([
    ['10', kept('1', '{"n":10}')],
    ['-2', kept('1', '{"n":-2}')],
    ['9', kept('1', '{"n":9}')],
    ['3', kept('2', null, 5)],
  ]);
  const both = new Map([
    ['[1,10]', kept('1', '10')],
    ['[1,9]', kept('1', '9')],
    ['[0,"b"]', kept('1', '"b"')],
    ['[0,"a"]', kept('1', '"a"')],
  ]);
  const state = {
    ...NO_PARENT_STATE,
    own: kept('1', '{"id":1}'),
    fields: new Map([
      ['lines', lines],
      ['both', both],
    ]),
  };
  expect(nestedDocument(state, ['lines', 'both', 'none'])).toBe(
    '{"id":1,"lines":[{"n":-2},{"n":9},{"n":10}],"both":["a","b",9,10],"none":[]}',
  );
  expect(nestedDocument({ ...state, own: kept('2', '{}') }, ['none'])).toBe('{"none":[]}');
  expect(nestedDocument({ ...state, own: kept('2', null) }, ['lines'])).toBeNull();
  expect(nestedDocument(NO_PARENT_STATE, ['lines'])).toBeNull();
});

test('what is gone is forgotten after a while, and a state with nothing in it, too', () => {
  const lines = new Map([
    ['1', kept('1', null, 100)],
    ['2', kept('1', null, 200)],
  ]);
  const state = { ...NO_PARENT_STATE, fields: new Map([['lines', lines]]) };
  expect(goneSince(state)).toBe(200);
  expect([...(withoutForgotten(state, 150).fields.get('lines') ?? [])]).toHaveLength(1);
  expect(withoutForgotten(state, 300).fields.size).toBe(0);
  expect(goneSince({ ...state, own: kept('1', '{}') })).toBeNull();
});
