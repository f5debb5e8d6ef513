import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../src/foundation/byte-reader.ts';
import { decodeGtidSet, GtidSet, uuidText } from '../../src/model/gtid-set.ts';

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const B = '3e11fa47-71ca-11e1-9e33-c80aa9429563';

/** From go-mysql's TestMysqlGTIDSet_String and osheroff's GtidSetTest (as facts). */
test.each([
  ['', ''],
  ['3E11FA47-71CA-11E1-9E33-C80AA9429562:21-57', `${A}:21-57`],
  [' 3E11FA47-71CA-11E1-9E33-C80AA9429562:21-57:60-64', `${A}:21-57:60-64`],
  ['3E11FA47-71CA-11E1-9E33-C80AA9429562:21-57:foo:5 ', `${A}:21-57:foo:5`],
  [`${A}:1-10,${B}:1-20`, `${A}:1-10,${B}:1-20`],
  [`${A}:1-10,\n${B}:1-20,\n`, `${A}:1-10,${B}:1-20`],
  [`${B}:1,${A}:1`, `${A}:1,${B}:1`],
  [`${A}:1-191:192-199`, `${A}:1-199`],
  [`${A}:1-191:193-199:1000-1033`, `${A}:1-191:193-199:1000-1033`],
  [`${A}:1038-1039:1-191:192-199`, `${A}:1-199:1038-1039`],
  [`${A}:3-5:2:7:1`, `${A}:1-5:7`],
  [`${A}:b:1:a:2:3,${A}:4`, `${A}:4:a:2-3:b:1`],
  [A.replaceAll('-', '') + ':1', `${A}:1`],
])('reads %j (PITFALLS B24)', (text, printed) => {
  const set = GtidSet.parse(text);
  expect(set.toString()).toBe(printed);
  expect(set.isEmpty).toBe(printed === '');
});

test.each([
  'x',
  A,
  `${A}:`,
  `${A}:0`,
  `${A}:5-3`,
  `${A}:1-`,
  `${A}:tag`,
  `${A}:1:tag`,
  `${A}:a:b:1`,
  `${A}:9223372036854775807`,
  `${A}:1:${'t'.repeat(33)}:1`,
  '0-1-1',
])('refuses %j', (text) => {
  expect(() => GtidSet.parse(text)).toThrow(/not a GTID set/);
});

const SOURCE = '071a4ecc-1bf9-11f1-a838-e6dd1807d029';
const HEX = SOURCE.replaceAll('-', '');
const ONE_TO_TWO = '010000000000000001000000000000000300000000000000';
const ONE = '010000000000000001000000000000000200000000000000';

/** From go-mysql's TestMysqlGTIDSet_Encode: a tag anywhere gives all sources the tagged form. */
test.each([
  [`${SOURCE}:1-2`, `0100000000000000${HEX}${ONE_TO_TWO}`],
  [`${SOURCE}:mytagabcdef:1`, `0101000000000001${HEX}166d79746167616263646566${ONE}`],
  [
    `${SOURCE}:1-2:mytagabcdef:1`,
    `0102000000000001${HEX}00${ONE_TO_TWO}${HEX}166d79746167616263646566${ONE}`,
  ],
  ['', '0000000000000000'],
])('%s in the form of the dump command', (text, hex) => {
  expect(GtidSet.parse(text).encode().toString('hex')).toBe(hex);
  expect(decodeGtidSet(Buffer.from(hex, 'hex')).toString()).toBe(text);
});

/** From go-mysql's TestPreviousGTIDEvent: from MySQL 8.3 on the empty set has the tagged form. */
test('an empty set in the tagged form', () => {
  expect(decodeGtidSet(Buffer.from('0100000000000001', 'hex')).toString()).toBe('');
});

test.each([
  ['cut', '01000000000000'],
  ['an unknown format', '0100000000000002'],
  ['more sources than bytes', 'ffffffffffffff00'],
  ['more intervals than bytes', `0100000000000000${HEX}ffffffffffffffff`],
  ['an empty interval', `0100000000000000${HEX}${ONE.slice(0, 32)}0100000000000000`],
  ['bytes behind it', '000000000000000000'],
  ['a source twice', `0200000000000000${HEX}${ONE}${HEX}${ONE}`],
])('%s is a DecodeError', (_what, hex) => {
  expect(() => decodeGtidSet(Buffer.from(hex, 'hex'))).toThrow(DecodeError);
});

const transaction = fc.record({
  uuid: fc.constantFrom(A, B),
  tag: fc.constantFrom('', 'a', 'tag_2'),
  number: fc.bigInt({ min: 1n, max: 30n }),
});
type Transaction = typeof transaction extends fc.Arbitrary<infer T> ? T : never;
const transactions = fc.array(transaction, { maxLength: 60 });

function setOf(list: readonly Transaction[]): GtidSet {
  const set = new GtidSet();
  for (const { uuid, tag, number } of list) set.add(uuid, tag, number);
  return set;
}

const keys = (list: readonly Transaction[]): Set<string> =>
  new Set(list.map(({ uuid, tag, number }) => `${uuid}:${tag}:${number}`));

test('sets behave as sets of transactions do, in whatever order these came', () => {
  fc.assert(
    fc.property(transactions, transactions, (one, two) => {
      const [a, b] = [setOf(one), setOf(two)];
      const [keysA, keysB] = [keys(one), keys(two)];
      expect(a.contains(b)).toBe(keysB.isSubsetOf(keysA));
      expect(a.equals(b)).toBe(keysA.symmetricDifference(keysB).size === 0);
      expect(setOf(one.toReversed()).toString()).toBe(a.toString());
      for (const { uuid, tag, number } of two) {
        expect(a.has(uuid, tag, number)).toBe(keysA.has(`${uuid}:${tag}:${number}`));
      }
      const union = a.clone();
      union.merge(b);
      expect(union.toString()).toBe(setOf([...one, ...two]).toString());
      const rest = one.filter(({ uuid, tag, number }) => !keysB.has(`${uuid}:${tag}:${number}`));
      expect(a.subtract(b).toString()).toBe(setOf(rest).toString());
    }),
  );
});

test('text and bytes come back as the same set', () => {
  fc.assert(
    fc.property(transactions, (list) => {
      const set = setOf(list);
      expect(GtidSet.parse(set.toString()).equals(set)).toBe(true);
      expect(decodeGtidSet(set.encode()).toString()).toBe(set.toString());
    }),
  );
});

test('any bytes give a set or a DecodeError', () => {
  fc.assert(
    fc.property(transactions, fc.nat(), fc.integer({ min: 0, max: 255 }), (list, at, value) => {
      const bytes = setOf(list).encode();
      bytes[at % bytes.length] = value;
      try {
        GtidSet.decode(new ByteReader(bytes)).toString();
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
  );
});

test('a uuid is printed with its dashes', () => {
  expect(uuidText(Buffer.from(HEX, 'hex'))).toBe(SOURCE);
});
