import { describe, expect, test } from 'vitest';
import { POINT, STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import { structuredText } from '../../../dialects/postgres/postgres-structured-text.ts';
import { parseStructured } from '../../../dialects/postgres/postgres-structured-time.ts';
import type { StructuredPart } from '../../../src/model/table-schema.ts';

describe('structuredText', () => {
  test.each<[StructuredPart, string, string]>([
    ['date', '2020-02-29', '2020-02-29'],
    ['date', '0044-03-15 BC', '0044-03-15 BC'],
    ['date', 'infinity', 'infinity'],
    ['time', '24:00:00', '24:00:00'],
    ['time', '01:02:03.5', '01:02:03.500000000'],
    ['zoned-time', '01:02:03-05:30', '01:02:03-05:30:00'],
    ['timestamp', '-infinity', '-infinity'],
    ['timestamp', '12345-06-07 08:09:10', '12345-06-07 08:09:10'],
    ['zoned-timestamp', '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00:00:00 BC'],
    [
      'duration',
      'P-1Y2M3DT4H5M-0.5S',
      '-1 years 2 months 3 days 4 hours 5 minutes -0.500000000 seconds',
    ],
  ])('%s %s', (part, printed, expected) => {
    expect(structuredText(parseStructured({ part, digits: 6 }, STRUCTURED[part], printed))).toBe(
      expected,
    );
  });

  test('is null for other structs', () => {
    expect(structuredText({ schema: POINT, values: [1, 2, null, null] })).toBeNull();
  });
});
