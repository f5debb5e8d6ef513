import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatMariadbGtid,
  MariadbGtidPosition,
  parseMariadbGtid,
} from '../../src/model/mariadb-gtid.ts';

/** From go-mysql's TestParseMariaDBGTID. */
test.each(['0-1-1', '4294967295-1-2', '0-1-18446744073709551615'])('%s is a GTID', (text) => {
  expect(formatMariadbGtid(parseMariadbGtid(text))).toBe(text);
});

test.each([
  '',
  '0-1-1-1',
  '1',
  '0-1-seq',
  'x-1-1',
  '0-x-1',
  '1e5-1-2',
  '4294967296-1-2',
  '0-4294967296-1',
  '0-1-18446744073709551616',
  '0-1--1',
])('%j is none', (text) => {
  expect(() => parseMariadbGtid(text)).toThrow(/not a GTID of MariaDB/);
});

/** From go-mysql's TestParseMariaDBGTIDSet and osheroff's MariadbGtidSetTest. */
test.each([
  ['0-1-1', '0-1-1'],
  ['', ''],
  ['0-1-1,1-2-3', '0-1-1,1-2-3'],
  ['0-1-1,0-2-2', '0-2-2'],
  ['0-0-3323, 4-33-12342134, 444-33-13412341233', '0-0-3323,4-33-12342134,444-33-13412341233'],
  ['10-1-1,2-1-1', '2-1-1,10-1-1'],
])('a position has the last of each domain: %j (PITFALLS B23)', (text, printed) => {
  expect(MariadbGtidPosition.parse(text).toString()).toBe(printed);
});

/** From go-mysql's TestMariaDBGTIDSetContain and TestMariaDBGTIDConatin. */
test.each([
  ['', '', true],
  ['1-1-1', '1-1-1,2-2-2', false],
  ['1-1-1,2-2-2', '1-1-1', true],
  ['1-1-1,2-2-2', '1-1-1,2-2-2', true],
  ['1-1-1,2-2-2', '1-1-1,2-2-1', true],
  ['1-1-1,2-2-2', '1-1-1,2-2-3', false],
  ['1-1-1', '2-1-1', false],
  ['0-1-1', '0-1-2', false],
  ['1-2-1', '1-1-1', true],
  ['1-2-2', '1-1-1', true],
])('%j contains %j: %s', (one, other, expected) => {
  const position = MariadbGtidPosition.parse(one);
  expect(position.contains(MariadbGtidPosition.parse(other))).toBe(expected);
});

/** From go-mysql's TestMariaDBGTIDSetUpdate: a server's number may also fall in its domain. */
test('a transaction moves its domain, whatever its number', () => {
  const position = MariadbGtidPosition.parse('1-1-1,2-2-2');
  position.advance(parseMariadbGtid('1-2-2'));
  position.advance(parseMariadbGtid('2-2-1'));
  position.advance(parseMariadbGtid('4-2-1'));
  expect(position.toString()).toBe('1-2-2,2-2-1,4-2-1');
  expect(position.of(4)).toEqual({ domain: 4, server: 2, sequence: 1n });
});

const gtid = fc.record({
  domain: fc.nat({ max: 3 }),
  server: fc.nat({ max: 3 }),
  sequence: fc.bigInt({ min: 0n, max: 5n }),
});

test('merged positions contain both, and nothing that neither has', () => {
  fc.assert(
    fc.property(fc.array(gtid), fc.array(gtid), (one, two) => {
      const [a, b] = [new MariadbGtidPosition(), new MariadbGtidPosition()];
      for (const each of one) a.advance(each);
      for (const each of two) b.advance(each);
      const merged = a.clone();
      merged.merge(b);
      expect(merged.contains(a) && merged.contains(b)).toBe(true);
      for (const each of [0, 1, 2, 3]) {
        expect([a.of(each), b.of(each)]).toContain(merged.of(each));
      }
      expect(MariadbGtidPosition.parse(merged.toString()).equals(merged)).toBe(true);
      expect(merged.isEmpty).toBe(one.length + two.length === 0);
    }),
  );
});
