import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import { dumpCommand, registerCommand } from '../../../../src/source/mysql/wire/binlog-commands.ts';

const NONE = { annotateRows: false, stopAtEnd: false };

test('a replica registers with its id and a name, and without a password', () => {
  const identity = { serverId: 0x01020304, uuid: '', host: 'tidemark-shop' };
  expect(registerCommand(identity).toString('hex')).toBe(
    ['15', '04030201', '0d', hex('tidemark-shop'), '00', '00', '0000', '00000000', '00000000'].join(
      '',
    ),
  );
  const long = registerCommand({ ...identity, host: 'x'.repeat(300) });
  expect(long[5]).toBe(60);
});

test('a dump by file: position, flags, id, name', () => {
  const start = { kind: 'file', file: 'binlog.000002', position: 0xfedcba98 } as const;
  expect(dumpCommand(start, 7, { annotateRows: true, stopAtEnd: true }).toString('hex')).toBe(
    ['12', '98badcfe', '0300', '07000000', hex('binlog.000002')].join(''),
  );
});

test('a dump of MariaDB by GTID names no file: it was told before (PITFALLS B6)', () => {
  const start = { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse('0-1-5') } as const;
  expect(dumpCommand(start, 7, NONE).toString('hex')).toBe(
    ['12', '04000000', '0000', '07000000'].join(''),
  );
});

test('a dump of MySQL by GTID carries the whole set, ends excluded (PITFALLS B22)', () => {
  const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
  const start = { kind: 'gtid', executed: GtidSet.parse(`${uuid}:1-3:7`) } as const;
  const u64 = (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes.toString('hex');
  };
  const set = [u64(1), uuid.replaceAll('-', ''), u64(2), u64(1), u64(4), u64(7), u64(8)].join('');
  // Flag 2 means something else here than in the other command.
  expect(dumpCommand(start, 7, { annotateRows: true, stopAtEnd: true }).toString('hex')).toBe(
    ['1e', '0100', '07000000', '00000000', u64(4), '40000000', set].join(''),
  );
});

test('a position that the command has no room for is refused, not cut (PITFALLS B5)', () => {
  for (const position of [2 ** 32, 3, 0, -1]) {
    const start = { kind: 'file', file: 'binlog.000002', position } as const;
    expect(() => dumpCommand(start, 7, NONE)).toThrow(
      expect.objectContaining({ code: 'MYSQL_POSITION' }),
    );
  }
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
