// As MariaDB 10.11.18 wrote and showed them under mysql56_temporal_format=OFF, 2026-11-22.
import { describe, expect, test } from 'vitest';
import {
  mariadbDatetimeWriter,
  mariadbTimestampWriter,
  mariadbTimeWriter,
} from '../../../dialects/mysql/binlog-mariadb-times.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe("temporal types with a fraction in MariaDB's own form (PITFALLS B71)", () => {
  test.each([
    [11, 6, '000000000001', '-838:59:59.999999'],
    [11, 6, '057e7bb556e0', '838:59:59.500000'],
    [11, 6, '02bf3dde7c01', '00:00:00.000001'],
    [11, 1, '01cce05f', '-00:00:00.1'],
    [12, 6, '04fcee3943bfffff', '9999-12-31 23:59:59.999999'],
    [12, 6, '0100aaebca1f18c1', '2010-00-15 01:02:03.000001'],
    [12, 1, '00a90ce76d78', '2020-01-02 03:04:05.6'],
    [12, 1, '000000000000', '0000-00-00 00:00:00.0'],
    [7, 2, '5e0d5da543', '2020-01-02 03:04:05.67'],
    [7, 2, '0000000000', '0000-00-00 00:00:00.00'],
    [7, 3, '5e0d5da502a6', '2020-01-02 03:04:05.678'],
    [11, 3, '00b15478eb', '-12:34:56.789'],
    [12, 3, '0042090a66c32e', '2020-01-02 03:04:05.678'],
    [7, 6, '5e0d5da50a5bf5', '2020-01-02 03:04:05.678901'],
  ])('type %i(%i): %s', (type, digits, hex, text) => {
    expect(valueText(binlogColumn(type, digits, { flavor: 'mariadb' }), hex)).toBe(text);
  });

  test.each([
    [mariadbTimeWriter(6), 'ffffffffffff'],
    [mariadbDatetimeWriter(6), 'ffffffffffffffff'],
    [mariadbTimestampWriter(1), '00000001ff'],
    [mariadbTimestampWriter(6), '00000001'],
  ])('%# refuses %s', (write, hex) => {
    expect(() => writtenBytes(write, hex)).toThrow(DecodeError);
  });
});
