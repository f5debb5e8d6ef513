import { expect, test } from 'vitest';
import { GtidSet } from '../../../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../../src/model/mariadb-gtid.ts';
import type { MysqlServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { startProblem } from '../../../../src/source/mysql/wire/start-check.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const A = '0edc9ba3-e627-11f1-8348-02fc00000001';
const B = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const FILES = [
  { name: 'binlog.000002', bytes: 500 },
  { name: 'binlog.000003', bytes: 300 },
];

function withGtids(executed: string, purged: string, mode = 'ON'): MysqlServerFacts {
  return mysqlFacts({
    gtid: { kind: 'mysql', mode, executed: GtidSet.parse(executed), purged: GtidSet.parse(purged) },
  });
}

test.each<readonly [string, string, MysqlServerFacts, string | null, RegExp]>([
  ['all that was purged is ours', `${A}:1-9`, withGtids(`${A}:1-20`, `${A}:1-9`), null, /./],
  [
    'purged beyond it (B21)',
    `${A}:1-8`,
    withGtids(`${A}:1-20`, `${A}:1-9`),
    'MYSQL_BINLOG_LOST',
    new RegExp(`${A}:9$`),
  ],
  [
    'purged of another (B22)',
    `${A}:1-9`,
    withGtids(`${A}:1-20,${B}:1-4`, `${B}:1-4`),
    'MYSQL_BINLOG_LOST',
    new RegExp(`${B}:1-4$`),
  ],
  [
    'more than the server has',
    `${A}:1-21`,
    withGtids(`${A}:1-20`, ''),
    'MYSQL_GTID_DIVERGED',
    new RegExp(`${A}:21$`),
  ],
  ['GTIDs off', `${A}:1`, withGtids('', '', 'OFF_PERMISSIVE'), 'MYSQL_GTID_MODE', /OFF_PERMISSIVE/],
  ['MariaDB instead', `${A}:1`, mariadbFacts(), 'MYSQL_POSITION', /MariaDB/],
])('by GTID: %s', (_name, stored, facts, code, message) => {
  const start = { kind: 'gtid', executed: GtidSet.parse(stored) } as const;
  const problem = startProblem(start, null, facts, FILES);
  expect(problem?.code ?? null).toBe(code);
  if (problem !== null) expect(problem.message).toMatch(message);
});

const ORIGIN = { serverUuid: A, serverId: 1 };

test.each<readonly [string, string, number, object, MysqlServerFacts, string | null, RegExp]>([
  ['a file that is there', 'binlog.000002', 500, ORIGIN, mysqlFacts({ serverUuid: A }), null, /./],
  [
    'a purged one (B19)',
    'binlog.000001',
    4,
    ORIGIN,
    mysqlFacts({ serverUuid: A }),
    'MYSQL_BINLOG_LOST',
    /oldest file is binlog.000002/,
  ],
  [
    'one that was cut (B19)',
    'binlog.000003',
    301,
    ORIGIN,
    mysqlFacts({ serverUuid: A }),
    'MYSQL_POSITION',
    /300 bytes/,
  ],
  [
    'of another server (B20)',
    'binlog.000002',
    4,
    ORIGIN,
    mysqlFacts({ serverUuid: B }),
    'MYSQL_POSITION',
    new RegExp(`of ${A}`),
  ],
  [
    'of another MariaDB (B20)',
    'binlog.000002',
    4,
    { serverUuid: null, serverId: 9 },
    mariadbFacts(),
    'MYSQL_POSITION',
    /server id 9/,
  ],
  [
    'no binlog',
    'binlog.000002',
    4,
    ORIGIN,
    mysqlFacts({ binlog: { ...mysqlFacts().binlog, enabled: false } }),
    'MYSQL_BINLOG_OFF',
    /log_bin/,
  ],
])('by file: %s', (_name, file, position, origin, facts, code, message) => {
  const start = { kind: 'file', file, position } as const;
  const problem = startProblem(start, origin as typeof ORIGIN, facts, FILES);
  expect(problem?.code ?? null).toBe(code);
  if (problem !== null) expect(problem.message).toMatch(message);
});

test('by GTID of MariaDB: it must have been there (PITFALLS B21)', () => {
  const problem = (binlog: string, replicated?: string): string | null => {
    const of = (text: string): MariadbGtidPosition => MariadbGtidPosition.parse(text);
    const gtid = { kind: 'mariadb', domain: 0, binlog: of(binlog) } as const;
    const more = replicated === undefined ? {} : { replicated: of(replicated) };
    const start = { kind: 'mariadb-gtid', position: of('0-1-5,1-1-2') } as const;
    return (
      startProblem(start, null, mariadbFacts({ gtid: { ...gtid, ...more } }), [])?.code ?? null
    );
  };
  expect(problem('0-1-5,1-1-2')).toBeNull();
  expect(problem('0-2-9,1-1-2,2-1-1')).toBeNull();
  expect(problem('1-1-2', '0-1-5')).toBeNull();
  expect(problem('0-1-4,1-1-2', '0-1-3')).toBe('MYSQL_GTID_DIVERGED');
  // After RESET MASTER it would let us begin, and number its transactions from 1.
  expect(problem('')).toBe('MYSQL_GTID_DIVERGED');
});

test('a server of the other kind does not know GTIDs of MariaDB', () => {
  const start = { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse('0-1-5') } as const;
  expect(startProblem(start, null, mysqlFacts(), [])?.code).toBe('MYSQL_POSITION');
});

test('a set of thousands of sources is not printed whole', () => {
  const executed = new GtidSet();
  for (let i = 0; i < 200; i++) executed.add(A, `tag_${i}`, 1n);
  const problem = startProblem({ kind: 'gtid', executed }, null, withGtids('', ''), FILES);
  expect(problem?.message.length).toBeLessThan(500);
});
