// As MySQL 9.7.4 wrote them under binlog_row_value_options=PARTIAL_JSON, 2026-11-22: a value, the
// diffs of an UPDATE, and what SELECT showed afterwards.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonDiffWriter } from '../../../dialects/mysql/json-diffs.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

function patched(before: string, diffs: string): string {
  const bytes = Buffer.from(before + diffs, 'hex');
  const out = new ByteWriter(1);
  const next = jsonDiffWriter(4)(bytes, 0, before.length / 2, bytes.length, out);
  expect(next).toBe(bytes.length);
  return out.written().toString();
}

/** Diffs behind their length. */
function list(...diffs: readonly string[]): string {
  const hex = diffs.join('');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(hex.length / 2);
  return length.toString('hex') + hex;
}

function packed(hex: string): string {
  return Buffer.of(hex.length / 2).toString('hex') + hex;
}

function diff(operation: number, path: string, value = ''): string {
  const head = Buffer.of(operation).toString('hex') + packed(Buffer.from(path).toString('hex'));
  return value === '' ? head : head + packed(value);
}

/** {"a": [1, 2]} */
const BEFORE = '1700000000010016000b000100020c006102000a00050100050200';
const REPLACE = 0;
const INSERT = 1;
const REMOVE = 2;
const NULL = '0400';

describe('jsonDiffWriter (PITFALLS B84)', () => {
  test.each([
    [
      'a new member',
      'd7000000000500d6002700010028000100290003002c0003002f000300050200003200029f000cc1' +
        '00050100616261727270616471227103006d00190001001a0001001b000400021f000400000c6b00' +
        '6365c3a9206b04004c0005010005020005030000100002003c0012000100130004000c17000c3100' +
        '646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72650a7979797979797979' +
        '797901760a0022000500000501000502000503000504000505000506000507000508000509001470' +
        '70707070707070707070707070707070707070',
      '0b0000000105242e6e6577030c016e',
      '{"a": 2, "b": {"c": [1, 2, 3, {"d": "longer string than before", "long": "yy' +
        'yyyyyyyy"}], "e": null, "é k": "v"}' +
        ', "arr": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "new": "n", "pad": "ppppppppppppppp' +
        'ppppp", "q\\"q": 1}',
    ],
    [
      'remove a member',
      'e3000000000600e2002e0001002f00010030000300330003003600030039000300050200003c0002' +
        'a9000ccb000ccd0005010061626172726e657770616471227103006d00190001001a0001001b0004' +
        '00021f000400000c6b006365c3a9206b04004c0005010005020005030000100002003c0012000100' +
        '130004000c17000c3100646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72' +
        '650a7979797979797979797901760a00220005000005010005020005030005040005050005060005' +
        '0700050800050900016e147070707070707070707070707070707070707070',
      '070000000205242e622e65',
      '{"a": 2, "b": {"c": [1, 2, 3, {"d": "longer string than before", "long": "yy' +
        'yyyyyyyy"}], "é k": "v"}' +
        ', "arr": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "new": "n", "pad": "ppppppppppppppp' +
        'ppppp", "q\\"q": 1}',
    ],
    [
      'remove a cell',
      'e3000000000600e2002e0001002f00010030000300330003003600030039000300050200003c0002' +
        'a9000ccb000ccd0005010061626172726e657770616471227102006d00190001001b000400021f00' +
        '0c6b00000400000c6b006365c3a9206b04004c0005010005020005030000100002003c0012000100' +
        '130004000c17000c3100646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72' +
        '650a7979797979797979797901760a00220005000005010005020005030005040005050005060005' +
        '0700050800050900016e147070707070707070707070707070707070707070',
      '0a0000000208242e6172725b305d',
      '{"a": 2, "b": {"c": [1, 2, 3, {"d": "longer string than before", "long": "yy' +
        'yyyyyyyy"}], "é k": "v"}' +
        ', "arr": [1, 2, 3, 4, 5, 6, 7, 8, 9], "new": "n", "pad": "pppppppppppppppppp' +
        'pp", "q\\"q": 1}',
    ],
    [
      'append a cell',
      'e3000000000600e2002e0001002f00010030000300330003003600030039000300050200003c0002' +
        'a9000ccb000ccd0005010061626172726e657770616471227102006d00190001001b000400021f00' +
        '0c6b00000400000c6b006365c3a9206b04004c0005010005020005030000100002003c0012000100' +
        '130004000c17000c3100646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72' +
        '650a7979797979797979797901760900220005010005020005030005040005050005060005070005' +
        '0800056300050900016e147070707070707070707070707070707070707070',
      '10000000010a242e6172725b3130305d03056400',
      '{"a": 2, "b": {"c": [1, 2, 3, {"d": "longer string than before", "long": "yy' +
        'yyyyyyyy"}], "é k": "v"}' +
        ', "arr": [1, 2, 3, 4, 5, 6, 7, 8, 99, 100], "new": "n", "pad": "pppppppppppp' +
        'pppppppp", "q\\"q": 1}',
    ],
    [
      'replace under a quoted key',
      'db000000000600da002e0001002f00010030000300330003003600030039000300050200003c0002' +
        'a1000cc3000cc50005010061626172726e6577706164712271020065001200010013000400021700' +
        '0c630063c3a9206b04004c0005010005020005030000100002003c0012000100130004000c17000c' +
        '3100646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72650a797979797979' +
        '7979797901760a002200050100050200050300050400050500050600050700050800056300056400' +
        '016e147070707070707070707070707070707070707070',
      '200000000008242e22715c2271221500010014000b0001000b0c007a000000000000f03f',
      '{"a": 2, "b": {"c": [1, 2, 3, {"d": "longer string than before", "long": "yy' +
        'yyyyyyyy"}], "é k": "v"}' +
        ', "arr": [1, 2, 3, 4, 5, 6, 7, 8, 99, 100], "new": "n", "pad": "pppppppppppp' +
        'pppppppp", "q\\"q": {"z": 1.0}}',
    ],
    [
      'two diffs',
      'ef000000000600ee002e0001002f00010030000300330003003600030039000300050200003c0002' +
        'a1000cc3000cc50000da0061626172726e6577706164712271020065001200010013000400021700' +
        '0c630063c3a9206b04004c0005010005020005030000100002003c0012000100130004000c17000c' +
        '3100646c6f6e67196c6f6e67657220737472696e67207468616e206265666f72650a797979797979' +
        '7979797901760a002200050100050200050300050400050500050600050700050800056300056400' +
        '016e147070707070707070707070707070707070707070010014000b0001000b0c007a0000000000' +
        '00f03f',
      '21000000000a242e622e22c3a9206b22030c01770003242e610b0202000a00050100050200',
      '{"a": [1, 2], "b": {"c": [1, 2, 3, {"d": "longer string than before", "long"' +
        ': "yyyyyyyyyy"}], "é k": "w"}' +
        ', "arr": [1, 2, 3, 4, 5, 6, 7, 8, 99, 100], "new": "n", "pad": "pppppppppppp' +
        'pppppppp", "q\\"q": {"z": 1.0}}',
    ],
    [
      'remove the cell before the last',
      'f9000000000600f8002e0001002f00010030000300330003003600030039000300023c0000460002' +
        'ab000ccd000ccf0000e40061626172726e657770616471227102000a000501000502000200650012' +
        '000100130004000217000c630063c3a9206b04004c0005010005020005030000100002003c001200' +
        '0100130004000c17000c3100646c6f6e67196c6f6e67657220737472696e67207468616e20626566' +
        '6f72650a7979797979797979797901770a0022000501000502000503000504000505000506000507' +
        '00050800056300056400016e147070707070707070707070707070707070707070010014000b0001' +
        '000b0c007a000000000000f03f',
      '0f000000020d242e6172725b6c6173742d315d',
      '{"a": [1, 2], "b": {"c": [1, 2, 3, {"d": "longer string than before", "long"' +
        ': "yyyyyyyyyy"}], "é k": "w"}' +
        ', "arr": [1, 2, 3, 4, 5, 6, 7, 8, 100], "new": "n", "pad": "pppppppppppppppp' +
        'pppp", "q\\"q": {"z": 1.0}}',
    ],
  ])('%s', (_what, before, diffs, text) => {
    expect(patched(before, diffs)).toBe(text);
  });

  test.each([
    [diff(REPLACE, '$', NULL), 'null'],
    [diff(INSERT, '$.a[0]', NULL), '{"a": [null, 1, 2]}'],
    [diff(INSERT, '$.a[last]', NULL), '{"a": [1, null, 2]}'],
    [diff(INSERT, '$."b c"', NULL), '{"a": [1, 2], "b c": null}'],
    [diff(INSERT, '$.B', NULL), '{"B": null, "a": [1, 2]}'],
    [diff(REMOVE, '$.a'), '{}'],
    [diff(REMOVE, '$.a[last-1]'), '{"a": [2]}'],
    [diff(REMOVE, '$.a[0]') + diff(REMOVE, '$.a[0]'), '{"a": []}'],
    ['', '{"a": [1, 2]}'],
  ])('%s', (diffs, text) => {
    expect(patched(BEFORE, list(diffs))).toBe(text);
  });

  test('a value before without bytes is a JSON null', () => {
    expect(patched('00000000', list())).toBe('null');
    expect(patched('00000000', list(diff(REPLACE, '$', '0401')))).toBe('true');
  });

  test.each([
    ['no such member', diff(REPLACE, '$.b', NULL)],
    ['no such cell', diff(REMOVE, '$.a[2]')],
    ['nothing in a number', diff(INSERT, '$.a[0].x', NULL)],
    ['a member that is there', diff(INSERT, '$.a', NULL)],
    ['the root cannot go', diff(REMOVE, '$')],
    ['no path', diff(REMOVE, 'a')],
    ['no operation', diff(3, '$.a')],
    ['no value', diff(REPLACE, '$.a')],
  ])('refuses: %s', (_what, diffs) => {
    expect(() => patched(BEFORE, list(diffs))).toThrow(DecodeError);
  });

  test('any bytes give a text or a DecodeError', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    const diffs = list(diff(REPLACE, '$.a[0]', NULL), diff(INSERT, '$.b', '020000'));
    fc.assert(
      fc.property(changes, (places) => {
        const bytes = Buffer.from(BEFORE + diffs, 'hex');
        for (const [at, byte] of places) bytes[at % bytes.length] = byte;
        try {
          jsonDiffWriter(4)(bytes, 0, BEFORE.length / 2, bytes.length, new ByteWriter(1));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
