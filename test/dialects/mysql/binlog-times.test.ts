// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { BinlogType } from '../../../dialects/mysql/binlog-type.ts';
import {
  datetimeWriter,
  timestampWriter,
  timeWriter,
  writeDate,
  writeOldDatetime,
  writeOldTime,
  writeOldTimestamp,
} from '../../../dialects/mysql/binlog-times.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe('dates and times (PITFALLS B70, B73)', () => {
  test.each([
    ['date', 10, 0, '000000', '0000-00-00'],
    ['date', 10, 0, '0fb40f', '2010-00-15'],
    ['date', 10, 0, 'a0b40f', '2010-05-00'],
    ['date', 10, 0, '9f1f4e', '9999-12-31'],
    ['date', 10, 0, '21d007', '1000-01-01'],
    ['date', 10, 0, '210200', '0001-01-01'],
    ['time', 19, 0, '4b9105', '-838:59:59'],
    ['time', 19, 0, 'b46efb', '838:59:59'],
    ['time', 19, 0, '800000', '00:00:00'],
    ['time', 19, 0, '7fffff', '-00:00:01'],
    ['time', 19, 0, '864042', '100:01:02'],
    ['time(1)', 19, 1, '7ffffff6', '-00:00:00.1'],
    ['time(1)', 19, 1, '80b30d5a', '11:12:13.9'],
    ['time(1)', 19, 1, '4b910500', '-838:59:59.0'],
    ['time(3)', 19, 3, '7ffffffff6', '-00:00:00.001'],
    ['time(3)', 19, 3, '7f3747e12e', '-12:34:56.789'],
    ['time(6)', 19, 6, '7fffffffffff', '-00:00:00.000001'],
    ['time(6)', 19, 6, '4b9105f0bdc1', '-838:59:58.999999'],
    ['time(6)', 19, 6, '80c8b8000001', '12:34:56.000001'],
    ['time(2)', 19, 2, '7fefff9d', '-01:00:00.99'],
    ['time(4)', 19, 4, '7fefffffff', '-01:00:00.0001'],
    ['time(5)', 19, 5, '7feffff0bdca', '-01:00:00.99999'],
    ['time(5)', 19, 5, '80100000000a', '01:00:00.00001'],
    ['datetime', 18, 0, '8000000000', '0000-00-00 00:00:00'],
    ['datetime', 18, 0, 'fef3ff7efb', '9999-12-31 23:59:59'],
    ['datetime', 18, 0, '99849e1083', '2010-00-15 01:02:03'],
    ['datetime(1)', 18, 1, '99a54210835a', '2020-01-01 01:02:03.9'],
    ['datetime(3)', 18, 3, '99a5421083005a', '2020-01-01 01:02:03.009'],
    ['datetime(5)', 18, 5, '99a542108300000a', '2020-01-01 01:02:03.00001'],
    ['datetime(6)', 18, 6, '99a5421083000001', '2020-01-01 01:02:03.000001'],
    ['datetime(6)', 18, 6, '8000000000000000', '0000-00-00 00:00:00.000000'],
    ['timestamp', 17, 0, '00000000', '0000-00-00 00:00:00'],
    ['timestamp', 17, 0, '00000001', '1970-01-01 00:00:01'],
    ['timestamp', 17, 0, '7fffffff', '2038-01-19 03:14:07'],
    ['timestamp', 17, 0, '38bbb4c0', '2000-02-29 12:00:00'],
    ['timestamp(2)', 17, 2, '3b9aca0063', '2001-09-09 01:46:40.99'],
    ['timestamp(6)', 17, 6, '3b9aca00000001', '2001-09-09 01:46:40.000001'],
    ['timestamp(6)', 17, 6, '00000000000000', '0000-00-00 00:00:00.000000'],
  ])('%s', (_name, type, digits, hex, text) => {
    expect(valueText(binlogColumn(type, digits), hex)).toBe(text);
  });
});

describe('times of tables that are older than MySQL 5.6.4 (PITFALLS B71)', () => {
  // As MariaDB 10.11.18 wrote them under mysql56_temporal_format=OFF.
  test.each([
    [11, '590a80', '-838:59:59'],
    [11, '40e201', '12:34:56'],
    [11, 'ffffff', '-00:00:01'],
    [12, '45ece7335f120000', '2020-01-02 03:04:05'],
    [12, '0000000000000000', '0000-00-00 00:00:00'],
    [12, '7787d105f15a0000', '9999-12-31 23:59:59'],
    [7, 'a55d0d5e', '2020-01-02 03:04:05'],
    [7, '00000000', '0000-00-00 00:00:00'],
  ])('type %i: %s', (type, hex, text) => {
    expect(valueText(binlogColumn(type, 0, { flavor: 'mariadb' }), hex)).toBe(text);
  });
});

describe('what no server stores was read from the wrong place', () => {
  test.each([
    ['year of type writeDate', writeDate, 'a0b54f'],
    ['month of type writeDate', writeDate, 'b50100'],
    ['sign of type datetimeWriter(0)', datetimeWriter(0), '0000000000'],
    ['hour of type datetimeWriter(0)', datetimeWriter(0), '99a5438083'],
    ['minute of type datetimeWriter(0)', datetimeWriter(0), '99a5421f83'],
    ['fraction of type datetimeWriter(2)', datetimeWriter(2), '99a5421083c8'],
    ['hour of type timeWriter(0)', timeWriter(0), 'ffffff'],
    ['fraction of type timestampWriter(6)', timestampWriter(6), '3b9aca00ffffff'],
    ['minute of type writeOldTime', writeOldTime, '3f420f'],
    ['year of type writeOldDatetime', writeOldDatetime, 'ffffffffffffff7f'],
  ])('%s', (_what, write, hex) => {
    expect(() => writtenBytes(write, hex)).toThrow(DecodeError);
  });

  test.each([
    [writeDate, 3],
    [datetimeWriter(6), 8],
    [timeWriter(3), 5],
    [timestampWriter(1), 5],
    [writeOldTimestamp, 4],
    [writeOldTime, 3],
    [writeOldDatetime, 8],
  ])('%# too few bytes', (write, size) => {
    expect(() => writtenBytes(write, '00'.repeat(size - 1))).toThrow(DecodeError);
  });

  test('nor are there more than six digits', () => {
    const column = binlogColumn(BinlogType.time2, 7);
    expect(() => valueText(column, '8000000000000000')).toThrow(DecodeError);
  });
});
