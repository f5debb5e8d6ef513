import { describe, expect, test } from 'vitest';
import { liesBefore } from '../../../../src/source/mysql/history/told-position.ts';
import { ALL_GTID_SOURCES } from '../../../../src/source/mysql/stream/dump-start.ts';

const UUID = '531e30d3-e585-11f1-809b-02fc00000001';
const OTHER = '00000000-0000-0000-0000-000000000001';

type Position = Parameters<typeof liesBefore>[0]['position'];

function before(
  position: Position,
  place: { readonly file?: string; readonly pos?: number; readonly gtids?: string | null },
  { isOurs = false, sources = ALL_GTID_SOURCES } = {},
): boolean {
  const { file = 'b.000002', pos = 500, gtids = null } = place;
  return liesBefore({ position, isOurs }, { file, pos, gtids }, sources);
}

describe('by file and position', () => {
  test.each([
    [{ file: 'b.000001', pos: 9000 }, true],
    [{ file: 'b.000002', pos: 499 }, true],
    // Debezium writes the end of the statement's event.
    [{ file: 'b.000002', pos: 500 }, true],
    [{ file: 'b.000002', pos: 501 }, false],
    [{ file: 'b.000003', pos: 4 }, false],
    // Inside of a transaction it is the place where that begins: it comes again.
    [{ file: 'b.000002', pos: 500, event: 2 }, false],
    [{ file: 'b.000002', pos: 500, snapshot: 'INITIAL' }, true],
    [{ file: 'b.000010', pos: 4 }, false],
    [{}, false],
  ])('%o', (position, expected) => {
    expect(before(position, {})).toBe(expected);
  });

  test('ours say where the statement begins', () => {
    const position = { file: 'b.000002', pos: 500 };
    expect(before(position, {}, { isOurs: true })).toBe(false);
    expect(before({ ...position, pos: 499 }, {}, { isOurs: true })).toBe(true);
  });

  test('where GTIDs do not count, however much of them is told', () => {
    const sources = { ...ALL_GTID_SOURCES, ignored: true };
    const position = { file: 'b.000002', pos: 499, gtids: `${UUID}:1-9` };
    expect(before(position, { gtids: `${UUID}:1-5` }, { sources })).toBe(true);
  });

  test('of a server that has no GTIDs any more', () => {
    expect(before({ file: 'b.000002', pos: 499, gtids: `${UUID}:1-9` }, {})).toBe(true);
  });
});

describe('by GTIDs', () => {
  test.each([
    // The record has what lies before the statement: it comes next.
    [`${UUID}:1-5`, `${UUID}:1-5`, false],
    [`${UUID}:1-4`, `${UUID}:1-5`, true],
    [`${UUID}:1-6`, `${UUID}:1-5`, false],
    [`${UUID}:1-5`, `${UUID}:1-5,${OTHER}:1`, true],
    [`${UUID}:1-5,${OTHER}:1-2`, `${UUID}:1-9`, false],
    ['0-1-5', '0-1-5', false],
    ['0-1-4', '0-1-5', true],
    // A server goes on in the domain of another.
    ['0-1-4', '0-2-5', true],
    ['0-1-6', '0-2-5', false],
    ['0-1-5', '0-1-5,1-1-1', true],
  ])('%s lies before %s: %s', (told, place, expected) => {
    expect(before({ file: 'b.000009', pos: 4, gtids: told }, { gtids: place })).toBe(expected);
  });

  test('a snapshot is taken at the very place', () => {
    const position = { gtids: `${UUID}:1-5`, snapshot: 'INITIAL' };
    expect(before(position, { gtids: `${UUID}:1-5` })).toBe(true);
    expect(before(position, { gtids: `${UUID}:1-4` })).toBe(false);
  });

  test('what was recorded before GTIDs were turned on', () => {
    expect(before({ file: 'b.000009', pos: 4 }, { gtids: `${UUID}:1-5` })).toBe(true);
  });

  test('sources that do not count are left out', () => {
    const sources = { ...ALL_GTID_SOURCES, excludes: [new RegExp(OTHER)] };
    const position = { gtids: `${UUID}:1-4,${OTHER}:1-9` };
    expect(before(position, { gtids: `${UUID}:1-5` }, { sources })).toBe(true);
    expect(before(position, { gtids: `${UUID}:1-5` })).toBe(false);
  });
});
