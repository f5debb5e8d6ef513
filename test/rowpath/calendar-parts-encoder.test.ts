import { expect, test } from 'vitest';
import { STRUCTURED } from '../../dialects/semantic-schemas.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { calendarPartsEncoder } from '../../src/rowpath/calendar-parts-encoder.ts';
import type { StructWire } from '../../src/rowpath/calendar-parts-encoder.ts';
import { writeInteger } from '../../src/rowpath/text-scan.ts';

const WIRE: StructWire = {
  open: '<',
  close: '>',
  before: ({ name }) => ` ${name}=`,
  constant: ({ name }, _first, value) => ` ${name}:${JSON.stringify(value)}`,
  write: writeInteger,
};

function written(part: keyof typeof STRUCTURED, text: string): string {
  if (part === 'time' || part === 'zoned-time') throw new Error('not of MySQL');
  const format = { kind: 'calendar-parts', part, digits: 3 } as const;
  const out = new ByteWriter(1);
  const encode = calendarPartsEncoder(format, STRUCTURED[part], () => out.utf8('general'), WIRE);
  const bytes = Buffer.from(`9${text}9`);
  encode(bytes, 1, bytes.length - 1, out);
  return out.written().toString();
}

test.each([
  ['date', '2010-00-15', '< year=2010 month=0 day=15 specialValue:null>'],
  [
    'timestamp',
    '0000-00-00 00:00:00.120',
    '< year=0 month=0 day=0 hour=0 minute=0 second=0 nanos=120000000 specialValue:null' +
      ' precision:3>',
  ],
  [
    'zoned-timestamp',
    '2024-01-02 03:04:05.000',
    '< year=2024 month=1 day=2 hour=3 minute=4 second=5 nanos=0 offsetSeconds:0 zoneId:"Z"' +
      ' specialValue:null precision:3>',
  ],
  [
    'duration',
    '-838:59:58.500',
    '< years:0 months:0 days:0 hours=-838 minutes=-59 seconds=-58 nanos=-500000000 precision:3>',
  ],
] as const)('%s %s, zeros included (PITFALLS B73, B75)', (part, text, expected) => {
  expect(written(part, text)).toBe(expected);
});

test.each([
  ['date', '2010-00-1x'],
  ['date', '2010-00-15 '],
  ['timestamp', '2024-01-02T03:04:05'],
  ['timestamp', '2024-01-02 03:04:05.'],
  ['duration', '1:00:00'],
  ['duration', '1000:00:00'],
] as const)('%s %j is left to the general path', (part, text) => {
  expect(written(part, text)).toBe('general');
});
