import { expect, test } from 'vitest';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import {
  bytesBehind,
  storedPositionProblem,
} from '../../../../src/source/mysql/capture/stored-position.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { readStoredOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const UUID = '0edc9ba3-e627-11f1-8348-02fc00000001';
const FILES = [
  { name: 'binlog.000002', bytes: 500 },
  { name: 'binlog.000003', bytes: 300 },
];

/** As Debezium stores it. */
function at(file: string, pos: number, gtids?: string): BinlogOffset {
  const offset = { file, pos, ...(gtids === undefined ? {} : { gtids }) };
  return readStoredOffset({ partition: { server: 'shop' }, offset, midTransaction: false });
}

function problem(offset: BinlogOffset, ignoresGtids = false, facts = mysqlFacts()): string | null {
  return storedPositionProblem(offset, ignoresGtids, facts, FILES)?.code ?? null;
}

test('by file: there, gone, or beyond its end', () => {
  expect(problem(at('binlog.000002', 400))).toBeNull();
  expect(problem(at('binlog.000001', 4))).toBe('MYSQL_BINLOG_LOST');
  expect(problem(at('binlog.000003', 301))).toBe('MYSQL_POSITION');
});

test('by GTID, unless those shall not count (gtid.ignore.on.recovery)', () => {
  const purged = GtidSet.parse(`${UUID}:1-9`);
  const gtid = { kind: 'mysql', mode: 'ON', executed: purged, purged } as const;
  const facts = mysqlFacts({ gtid });
  expect(problem(at('binlog.000001', 4, `${UUID}:1-9`), false, facts)).toBeNull();
  expect(problem(at('binlog.000001', 4, `${UUID}:1-8`), false, facts)).toBe('MYSQL_BINLOG_LOST');
  expect(problem(at('binlog.000002', 4, `${UUID}:1-8`), true, facts)).toBeNull();
  expect(problem(at('binlog.000002', 4, ''), false, facts)).toBeNull();
});

const MARIADB = mariadbFacts({
  gtid: { kind: 'mariadb', domain: 0, binlog: MariadbGtidPosition.parse('0-1-7') },
});

test('positions of the other family, and what is none', () => {
  expect(problem(at('binlog.000002', 4, '0-1-5'))).toBe('MYSQL_POSITION');
  expect(problem(at('binlog.000002', 4, '0-1-5'), false, MARIADB)).toBeNull();
  expect(problem(at('binlog.000002', 4, `${UUID}:1`), false, mariadbFacts())).toBe(
    'MYSQL_POSITION',
  );
  expect(problem(at('binlog.000002', 4, 'x'))).toBe('DECODE');
});

test('what the server keeps for us are the files from ours on', () => {
  expect(bytesBehind(at('binlog.000002', 400), FILES)).toBe(400);
  expect(bytesBehind(at('binlog.000003', 300), FILES)).toBe(0);
  expect(bytesBehind(at('binlog.000001', 4), FILES)).toBeNull();
});
