import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hstoreJson, hstoreText, parseHstore } from '../../../dialects/postgres/postgres-hstore.ts';

describe('parseHstore', () => {
  // Recorded from Debezium 3.6.0: the order is that of Java's HashMap.
  test.each([
    [String.raw`"a"=>"1", "n"=>NULL, "b c"=>"x\"y"`, String.raw`{"a":"1","b c":"x\"y","n":null}`],
    [`"x"=>"3", "y"=>"2", "z"=>"1"`, '{"x":"3","y":"2","z":"1"}'],
    ['', '{}'],
    ['"k"=>""', '{"k":""}'],
    ['"k"=>"\u0001\u001f"', String.raw`{"k":"\u0001\u001F"}`],
    ['"k"=>"NULL"', '{"k":"NULL"}'],
  ])('%s', (text, json) => {
    expect(hstoreJson(parseHstore(text))).toBe(json);
  });

  test('keys of one bucket keep their order, and the table grows', () => {
    // "Aa" and "BB" have one hash.
    expect([...parseHstore('"BB"=>"1", "Aa"=>"2"').keys()]).toEqual(['BB', 'Aa']);
    const many = Array.from({ length: 13 }, (_, i) => `"k${i}"=>"v"`).join(', ');
    expect(parseHstore(many).size).toBe(13);
  });

  test('reads what hstoreText writes', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string(), fc.option(fc.string())), {
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(pairs, (entries) => {
        expect(parseHstore(hstoreText(entries))).toEqual(new Map(entries));
      }),
    );
  });

  test.each(['a=>1', '"a"=>1', '"a"', '"a"=>"b" "c"=>"d"'])('refuses %s', (text) => {
    expect(() => parseHstore(text)).toThrow(/not an hstore/);
  });
});
