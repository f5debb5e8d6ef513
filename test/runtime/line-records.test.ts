import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordOfLine } from '../../src/runtime/line-records.ts';
import { lineFormat } from '../../src/sink/file/record-lines.ts';

test('a line of text is the value, whatever it is', () => {
  const { topic, key, value } = recordOfLine('text', 't')('{"a":');
  expect([topic, key.value]).toEqual(['t', null]);
  expect(value).toEqual({ schema: { type: 'string', optional: false }, value: '{"a":' });
});

test('documents keep their text, digits and all; what brings a schema has its types', () => {
  const record = recordOfLine('value', 't');
  const document = '{"b": 1.10, "a": [12345678901234567890]}';
  expect(record(document).value).toMatchObject({
    schema: { type: 'string', name: 'io.debezium.data.Json' },
    value: document,
  });
  const typed = (n: number): string =>
    '{"schema":{"type":"struct","optional":false,"fields":' +
    `[{"field":"id","type":"int64","optional":false}]},"payload":{"id":${n}}}`;
  const first = record(typed(1)).value;
  const second = record(typed(2)).value;
  expect(first.schema).toMatchObject({ type: 'struct', fields: [{ name: 'id' }] });
  // Converters know schemas by identity.
  expect(second.schema).toBe(first.schema);
  expect(second.value).toMatchObject({ values: [2n] });
  expect(record('null').value).toEqual({ schema: null, value: null });
  expect(record('"text"').value.value).toBe('text');
  expect(record('true').value.value).toBe(true);
  expect(record('-9223372036854775808').value).toMatchObject({ value: -(2n ** 63n) });
  expect(record('9223372036854775808').value).toMatchObject({ value: '9223372036854775808' });
  expect(record('{"schema":{"type":"int32"},"payload":1,"more":2}').value.value).toContain('more');
});

test('lines of the file sink come back as the records that they were', () => {
  const ofLine = recordOfLine('json', null);
  const toLine = lineFormat('json');
  const text = fc.option(fc.string({ unit: 'grapheme' }));
  const headers = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,5}$/), text), { maxLength: 3 });
  fc.assert(
    fc.property(text, text, headers, fc.nat(), (key, value, given, timestampMs) => {
      const data = (item: string | null) =>
        item === null
          ? { schema: null, value: null }
          : { schema: { type: 'string', optional: true } as const, value: item };
      const unique = [...new Map(given)];
      const line = toLine({
        topic: 'shop.t',
        partition: 3,
        generation: 1,
        offset: 7,
        sequence: 7,
        timestampMs,
        key: null,
        value: null,
        absent: [],
        whole: {
          key: data(key),
          value: data(value),
          headers: unique.map(([name, item]) => ({ name, text: item })),
        },
      });
      const record = ofLine(line);
      expect(record).toMatchObject({ topic: 'shop.t', timestampMs });
      expect([record.key, record.value]).toEqual([data(key), data(value)]);
      expect(record.headers.map((header) => [header.name, header.value])).toEqual(unique);
    }),
  );
});

test.each([
  ['{"a":', /no JSON document/],
  ['[1]', /no object with a member value/],
  ['{"value":1}', /names no topic/],
  ['{"value":1,"topic":"a b"}', /names no topic/],
  ['{"value":1,"topic":"t","headers":[]}', /headers of the line/],
  ['{"value":1,"topic":"t","headers":{"h":1}}', /the header h/],
  ['{"value":1,"topic":"t","timestampMs":"x"}', /timestampMs/],
])('%s is refused', (line, message) => {
  expect(() => recordOfLine('json', null)(line)).toThrow(message);
});

test('the property topic wins over that of the line', () => {
  expect(recordOfLine('json', 'own')('{"topic":"t","value":1}').topic).toBe('own');
});
