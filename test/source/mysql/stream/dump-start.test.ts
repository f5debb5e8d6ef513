import { describe, expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import type { GtidSourceOptions } from '../../../../src/source/mysql/mysql-source-options.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import {
  dumpStart,
  originOf,
  skipsRowsOf,
} from '../../../../src/source/mysql/stream/dump-start.ts';
import type { GtidFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';

const A = '11111111-1111-1111-1111-111111111111';
const B = '22222222-2222-2222-2222-222222222222';
const ALL: GtidSourceOptions = { includes: [], excludes: [], filtersRows: true, ignored: false };

function offsetAt(gtids: string | null): BinlogOffset {
  return binlogOffset({ file: 'b.000003', pos: 500, gtids }, { serverUuid: A, serverId: 7 });
}

function mysql(executed: string): { readonly gtid: GtidFacts } {
  const [set, purged] = [GtidSet.parse(executed), GtidSet.parse('')];
  return { gtid: { kind: 'mysql', mode: 'ON', executed: set, purged } };
}

function mariadb(position: string): { readonly gtid: GtidFacts } {
  return { gtid: { kind: 'mariadb', domain: 0, binlog: MariadbGtidPosition.parse(position) } };
}

function started(
  offset: BinlogOffset,
  sources: GtidSourceOptions,
  facts: { gtid: GtidFacts },
): string {
  const start = dumpStart(offset, { sources, facts });
  switch (start.kind) {
    case 'file':
      return `${start.file}:${start.position}`;
    case 'gtid':
      return start.executed.toString();
    case 'mariadb-gtid':
      return start.position.toString();
  }
}

describe('where a dump begins', () => {
  test('by GTID where there is one, else by file', () => {
    expect(started(offsetAt(`${A}:1-5`), ALL, mysql(''))).toBe(`${A}:1-5`);
    expect(started(offsetAt('0-1-5,1-2-9'), ALL, mariadb(''))).toBe('0-1-5,1-2-9');
    expect(started(offsetAt(null), ALL, mysql(''))).toBe('b.000003:500');
    expect(started(offsetAt(''), ALL, mysql(`${A}:1-5`))).toBe('b.000003:500');
    const ignored = { ...ALL, ignored: true };
    expect(started(offsetAt(`${A}:1-5`), ignored, mysql(''))).toBe('b.000003:500');
  });

  test('what waits for its outcome is sent again (PITFALLS B32)', () => {
    const held = { file: 'b.000001', pos: 4, gtids: `${A}:1-3` };
    expect(started({ ...offsetAt(`${A}:1-5`), held }, ALL, mysql(''))).toBe(`${A}:1-3`);
  });

  test('transactions of sources that do not count are taken for read', () => {
    const facts = mysql(`${A}:1-9,${B}:1-40`);
    const own = { ...ALL, includes: [new RegExp(`^${A}$`)] };
    expect(started(offsetAt(`${A}:1-5,${B}:1-2`), own, facts)).toBe(`${A}:1-5,${B}:1-40`);
    const without = { ...ALL, excludes: [new RegExp(`^${A}$`)] };
    expect(started(offsetAt(`${A}:1-5,${B}:1-2`), without, facts)).toBe(`${A}:1-9,${B}:1-2`);
  });

  test('of MariaDB a source is domain and server', () => {
    const own = { ...ALL, includes: [/^0-1$/] };
    expect(started(offsetAt('0-1-5,1-2-9'), own, mariadb('0-1-8,1-2-40'))).toBe('0-1-5,1-2-40');
    const mixed = started(offsetAt('0-1-5'), own, mariadb('0-2-80'));
    expect(mixed, 'the domain has transactions that count').toBe('0-1-5');
  });
});

describe('rows of other sources', () => {
  test('are left out by the lists, if that is wanted', () => {
    const own = { ...ALL, includes: [new RegExp(`^${A}$`)] };
    expect(skipsRowsOf(own)(`${A}:7`)).toBe(false);
    expect(skipsRowsOf(own)(`${B}:7`)).toBe(true);
    expect(skipsRowsOf(own)(`${B}:tag:7`)).toBe(true);
    expect(skipsRowsOf(own)(null)).toBe(false);
    expect(skipsRowsOf({ ...own, filtersRows: false })(`${B}:7`)).toBe(false);
    expect(skipsRowsOf(ALL)(`${B}:7`)).toBe(false);
    expect(skipsRowsOf({ ...ALL, excludes: [/^0-9$/] })('0-9-1')).toBe(true);
  });
});

test('Debezium stores no server', () => {
  expect(originOf(offsetAt(null))).toEqual({ serverUuid: A, serverId: 7 });
  expect(originOf({ ...offsetAt(null), serverUuid: null, serverId: 0 })).toBeNull();
});
