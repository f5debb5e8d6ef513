import { expect, test } from 'vitest';
import { zonedText } from '../../../src/transform/debezium/zoned-text.ts';

test.each([
  ['2023-11-14T22:13:20.123456Z', 3600, '2023-11-14T23:13:20.123456+01:00'],
  ['2023-11-14T22:13:20.500Z', -3600, '2023-11-14T21:13:20.5-01:00'],
  ['2023-11-14T22:13:20+02:00', 0, '2023-11-14T20:13:20Z'],
  ['2023-12-31T23:30:00-01:30', 19_830, '2024-01-01T06:30:30+05:30:30'],
  ['+12023-11-14T22:13:20Z', 0, '+12023-11-14T22:13:20Z'],
  ['-0005-11-14T22:13:20Z', 3600, '-0005-11-14T23:13:20+01:00'],
  ['23:30:00.5Z', 3600, '00:30:00.5+01:00'],
  ['infinity', 3600, 'infinity'],
])('%s at %i', (text, offset, wanted) => {
  expect(zonedText(text, () => offset)).toBe(wanted);
});

test('the offset is asked for by the local time', () => {
  const asked: number[] = [];
  zonedText('2023-11-14T22:13:20+02:00', (localMs) => {
    asked.push(localMs);
    return 0;
  });
  expect(asked).toEqual([Date.parse('2023-11-14T22:13:20Z')]);
});
