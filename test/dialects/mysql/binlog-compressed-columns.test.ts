import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressedWriter } from '../../../dialects/mysql/binlog-compressed-columns.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe('compressedWriter (PITFALLS B65)', () => {
  // As MariaDB 10.11.18 wrote them, 2026-11-22.
  test.each([
    ['varchar(3000) compressed', 141, 12001, '02000078', 'x'],
    ['varchar(3000) compressed', 141, 12001, '0000', ''],
    ['text compressed', 140, 2, '06000073686f7274', 'short'],
    [
      'varchar(3000) compressed',
      141,
      12001,
      '16008a07d03bbcf2f0281c85a370148ec251380a87380400',
      'é'.repeat(1000),
    ],
    [
      'text compressed',
      140,
      2,
      '1f008a2710edc2010900000002a0adf57f443b02d134000000000000000000706f',
      'ab'.repeat(5000),
    ],
    [
      'text character set latin1 compressed',
      140,
      2,
      '0e008a03e87bf972148c825130dc0100',
      'é'.repeat(1000),
      8,
    ],
  ])('%s %i %i %s', (_name, type, meta, hex, text, collation = 45) => {
    const column = binlogColumn(type, meta, { flavor: 'mariadb', collation });
    expect(valueText(column, hex)).toBe(text);
  });

  const stored = (header: string, data: Buffer): string => {
    const value = Buffer.concat([Buffer.from(header, 'hex'), data]);
    return `${value.length.toString(16).padStart(2, '0')}${value.toString('hex')}`;
  };
  const write = compressedWriter(1, null);

  test('both forms of deflate', () => {
    const text = Buffer.from('abcabcabcabc');
    expect(writtenBytes(write, stored('890c', deflateRawSync(text)))).toEqual(text);
    expect(writtenBytes(write, stored('820000', deflateSync(Buffer.alloc(0))))).toHaveLength(0);
    expect(writtenBytes(write, stored('810c', deflateSync(text)))).toEqual(text);
  });

  test.each([
    ['another algorithm', stored('790c', Buffer.from('x'))],
    ['no length', stored('88', Buffer.from('x'))],
    ['more than it says', stored('8901', deflateRawSync(Buffer.alloc(1000)))],
    ['less than it says', stored('8a03e8', deflateRawSync(Buffer.alloc(10)))],
    ['no deflate', stored('8905', Buffer.from('ffffffff', 'hex'))],
    ['a length of gigabytes', stored('8cffffffff', deflateRawSync(Buffer.alloc(10)))],
  ])('refuses %s', (_what, hex) => {
    expect(() => writtenBytes(write, hex)).toThrow(DecodeError);
  });
});
