import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import type { QueryEvent } from '../../../../src/source/mysql/binlog/binlog-event.ts';
import { readQuery } from '../../../../src/source/mysql/binlog/query-event.ts';
import { decodeAll, eventsOf, hexBytes, recordedBinlog } from '../../../support/binlog-events.ts';

const PLAIN = { compressed: false, load: false };

/** Thread 9, 1 s, error 3, and the parts. */
function body(status: string, schema: string, sql: Buffer, extra = ''): Buffer {
  const statusBytes = hexBytes(status);
  const head = Buffer.alloc(13);
  head.writeUInt32LE(9, 0);
  head.writeUInt32LE(1, 4);
  head[8] = schema.length;
  head.writeUInt16LE(3, 9);
  head.writeUInt16LE(statusBytes.length, 11);
  const parts = [head, hexBytes(extra), statusBytes, Buffer.from(`${schema}\0`), sql];
  return Buffer.concat(parts);
}

const read = (bytes: Buffer, form = PLAIN, fixed = 13): QueryEvent =>
  readQuery(new ByteReader(bytes), fixed, form);

test('the fixed part, schema and text', () => {
  expect(read(body('', 'shop', Buffer.from('BEGIN')))).toMatchObject({
    threadId: 9,
    executionSeconds: 1,
    errorCode: 3,
    schema: 'shop',
    sql: 'BEGIN',
    loadFileId: null,
    context: { sqlMode: null, clientCollation: null, microseconds: 0, databases: null },
  });
});

/** Each variable by itself; layouts as in PITFALLS B0, B30, B97, B104. */
test.each([
  ['0000000800', { autocommit: false }],
  ['0000000000', { autocommit: true }],
  ['010000a04500000000', { sqlMode: 0x45a00000n }],
  ['0408000900ff00', { clientCollation: 8, connectionCollation: 9, serverCollation: 255 }],
  ['05062b30353a3030', { timeZone: '+05:00' }],
  ['082d00', { databaseCollation: 45 }],
  ['0c02610062630 0', { databases: ['a', 'bc'] }],
  ['0cfe', { databases: null }],
  ['0d40e201', { microseconds: 123456 }],
  ['8040e201', { microseconds: 123456 }],
  ['110700000000000000', { ddlXid: 7n }],
  ['810700000000000000', { ddlXid: 7n }],
  ['8202', { alterFlags: 2 }],
  ['82040700000000000000', { alterFlags: 4 }],
  ['12ff00', { utf8mb4Collation: 255 }],
])('status %s', (status, expected) => {
  expect(read(body(status, '', Buffer.alloc(0))).context).toMatchObject(expected);
  // Behind any of those that nobody asks for.
  const skipped =
    '0203737464000301000100060373746407090009' +
    '00000000000000000a000000000b0161016210011301140183010100020' +
    '0';
  expect(read(body(skipped + status, '', Buffer.alloc(0))).context).toMatchObject(expected);
});

test('an unknown variable hides those behind it, not the statement', () => {
  const query = read(body('082d00ee0d40e201', 'a', Buffer.from('BEGIN')));
  expect(query.context).toMatchObject({ databaseCollation: 45, microseconds: 0 });
  expect([query.schema, query.sql]).toEqual(['a', 'BEGIN']);
});

test('the text has the character set of the client (PITFALLS B97)', () => {
  const sql = hexBytes('e9');
  expect(read(body('04080008000800', '', sql)).sql).toBe('é');
});

test('a longer fixed part of a newer server is passed over', () => {
  expect(read(body('', 'a', Buffer.from('BEGIN'), 'ffff'), PLAIN, 15).sql).toBe('BEGIN');
});

test('LOAD DATA has its file in the fixed part', () => {
  const bytes = body('', 'a', Buffer.from('LOAD DATA'), '05000000 00000000 00000000 00');
  expect(read(bytes, { compressed: false, load: true }, 26)).toMatchObject({
    loadFileId: 5,
    schema: 'a',
    sql: 'LOAD DATA',
  });
});

test('MariaDB compresses the text alone (PITFALLS B91)', () => {
  const text = Buffer.concat([Buffer.from([0x81, 5]), deflateSync(Buffer.from('BEGIN'))]);
  const form = { compressed: true, load: false };
  expect(read(body('', 'a', text), form).sql).toBe('BEGIN');
});

test.each([
  ['a status longer than the event', body('082d00', '', Buffer.alloc(0)).subarray(0, 14)],
  ['a variable longer than the status', body('0d4000', '', Buffer.alloc(0))],
  ['a schema without its end', Buffer.from(body('', 'ab', Buffer.alloc(0))).fill(1, 15)],
])('%s is a DecodeError', (_what, bytes) => {
  expect(() => read(bytes)).toThrow(DecodeError);
});

test('statements of the recorded binlogs', () => {
  const mysql = decodeAll(eventsOf(recordedBinlog('mysql-9.7')));
  expect(mysql.find((event) => event.kind === 'query')).toMatchObject({
    schema: 'g',
    sql: expect.stringMatching(/^CREATE TABLE numbers/) as string,
    context: { clientCollation: 45, utf8mb4Collation: 255, databases: ['g'] },
  });
  const mariadb = decodeAll(eventsOf(recordedBinlog('mariadb-10.11')));
  const queries = mariadb.filter((event) => event.kind === 'query');
  expect(queries[0]).toMatchObject({ context: { clientCollation: 45, ddlXid: 14n } });
  expect(queries.filter(({ sql }) => sql.includes('long enough'))).toHaveLength(1);
});
