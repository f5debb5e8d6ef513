import { describe, expect, test } from 'vitest';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import {
  addedColumns,
  droppedColumns,
  rewrittenRows,
  type ToldColumn,
} from '../../../../dialects/mysql/ddl/rewritten-rows.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { applyAll, MARIADB, MYSQL, MYSQL57, statementContext } from '../../../support/mysql-ddl.ts';

const STRICT = 1n << 22n;

const TABLE = `CREATE TABLE t (id INT PRIMARY KEY, n INT, price DECIMAL(8,2), word VARCHAR(20),
  day TIMESTAMP NULL, flags BIT(4), raw BINARY(4), kind ENUM('a','b'), twice INT AS (n * 2),
  old VARCHAR(5) CHARACTER SET latin1) CHARACTER SET utf8mb4`;

interface Given {
  readonly dialect?: DdlDialect;
  readonly sqlMode?: bigint;
  readonly told?: ToldColumn;
  readonly dropped?: readonly string[];
  readonly added?: readonly string[];
  /** Tables that were there. */
  readonly gone?: readonly string[];
  readonly before?: readonly string[];
}

/** `table: reason`, with `!` where rows go, `!!` where none is there. */
function told(sql: string, given: Given = {}): readonly string[] {
  const { dialect = MYSQL, sqlMode = STRICT, dropped = [] } = given;
  const catalog = new TableCatalog(0);
  applyAll(catalog, [TABLE, ...(given.before ?? [])], statementContext(dialect));
  const statement = parseDdlStatement(sql, dialect);
  const changes = catalog.apply(statement, statementContext(dialect));
  return rewrittenRows(statement, changes, {
    server: dialect,
    sqlMode,
    told: () => given.told ?? 'default',
    wasDropped: (_, column) => dropped.includes(column),
    wasAdded: (_, column) => given.added?.includes(column) === true,
    hadTable: ({ name }) => given.gone?.includes(name) === true,
  }).map(({ name, rowsGo, isEmpty, reason }) => {
    const rows = isEmpty ? '!!' : rowsGo ? '!' : '';
    return `${name.name}${rows}: ${reason}`;
  });
}

describe('rows stay what they are, or what a constant default makes of them', () => {
  test.for([
    'ALTER TABLE t ADD c INT',
    'ALTER TABLE t ADD c INT NOT NULL DEFAULT 7',
    'ALTER TABLE t DROP COLUMN n, ADD INDEX (word), COMMENT = "x"',
    'ALTER TABLE t MODIFY n BIGINT, MODIFY price DECIMAL(10,3), MODIFY word TEXT',
    "ALTER TABLE t MODIFY kind ENUM('a','b','c')",
    'ALTER TABLE t MODIFY old VARCHAR(9) CHARACTER SET utf8mb4',
    'ALTER TABLE t MODIFY n INT NOT NULL',
    'ALTER TABLE t ALTER n SET DEFAULT 5, ALTER word DROP DEFAULT',
    'CREATE TABLE IF NOT EXISTS t (other INT)',
    'DROP TABLE t',
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    'CREATE TABLE u LIKE t',
  ])('%s', (sql) => {
    expect(told(sql)).toEqual([]);
  });
});

describe('rows are others, and no event tells of it', () => {
  test.for([
    ['ALTER TABLE t ADD c INT NOT NULL', 't: c was added without a default'],
    ['ALTER TABLE t ADD c INT UNIQUE AUTO_INCREMENT', 't: c is counted up'],
    ['ALTER TABLE t ADD c INT AS (n + 1) STORED', 't: c is computed'],
    ['ALTER TABLE t MODIFY price DECIMAL(8,1)', 't: price is decimal(8,1) instead of decimal(8,2)'],
    ['ALTER TABLE t MODIFY word VARCHAR(3)', 't: word is varchar(3) instead of varchar(20)'],
    ['ALTER TABLE t MODIFY n VARCHAR(20)', 't: n is varchar(20) instead of int'],
    ['ALTER TABLE t MODIFY day DATETIME', 't: day is datetime instead of timestamp'],
    ['ALTER TABLE t MODIFY flags BIT(8)', 't: flags is bit(8) instead of bit(4)'],
    ['ALTER TABLE t MODIFY raw BINARY(8)', 't: raw is binary(8) instead of binary(4)'],
    ['ALTER TABLE t MODIFY kind ENUM("b")', "t: kind is enum('b') instead of enum('a','b')"],
    ['ALTER TABLE t MODIFY twice INT AS (n * 3)', 't: twice is computed anew'],
    ['ALTER TABLE t CHANGE n m BIGINT', 't: m was n before'],
    ['ALTER TABLE t RENAME COLUMN n TO m', 't: m was n before'],
    ['ALTER TABLE t DROP n, ADD n INT', 't: n has taken the place of an older one'],
    ['ALTER TABLE t TRUNCATE PARTITION p', 't!: TRUNCATE PARTITION moved rows'],
    ['ALTER TABLE t DROP PARTITION p', 't!: DROP PARTITION moved rows'],
    ['ALTER TABLE t RENAME TO u', 'u!: it was shop.t before'],
    ['RENAME TABLE t TO u', 'u!: it was shop.t before'],
  ] as const)('%s', ([sql, reason]) => {
    expect(told(sql)).toEqual([reason]);
  });

  test('EXCHANGE PARTITION moves rows in both tables', () => {
    const sql = 'ALTER TABLE t EXCHANGE PARTITION p WITH TABLE `u` WITHOUT VALIDATION';
    expect(told(sql)).toEqual([
      't!: EXCHANGE PARTITION moved rows',
      'u!: EXCHANGE PARTITION moved rows',
    ]);
  });

  test('a default that is set after its column was added, with no row between', () => {
    const added = { added: ['n'] };
    const reason = 't: n has another default than when it was added';
    expect(told('ALTER TABLE t ALTER n SET DEFAULT 5', added)).toEqual([reason]);
    expect(told('ALTER TABLE t MODIFY n INT DEFAULT 5', added)).toEqual([reason]);
    expect(told('ALTER TABLE t MODIFY n BIGINT, ALTER word SET DEFAULT 5', added)).toEqual([]);
  });

  test('a table that takes the place of one that is gone', () => {
    const again = 't!!: another table of that name was made';
    const made = 'CREATE TABLE t (id INT PRIMARY KEY)';
    expect(told(made, { before: ['DROP TABLE t'], gone: ['t'] })).toEqual([again]);
    expect(told(made, { before: ['DROP TABLE t'] })).toEqual([]);
    expect(told('CREATE OR REPLACE TABLE t (id INT)', { dialect: MARIADB })).toEqual([again]);
    const before = ['CREATE TABLE other (id INT)', 'RENAME TABLE t TO aside'];
    expect(told('RENAME TABLE other TO t', { before, gone: ['t'] })).toEqual([
      't!: it was shop.other before',
    ]);
  });

  test('two tables that change places are both others', () => {
    const before = ['CREATE TABLE u LIKE t'];
    expect(told('RENAME TABLE t TO x, u TO t, x TO u', { before })).toEqual([
      't!: it was shop.u before',
      'u!: it was shop.x before',
    ]);
  });

  test('a default that the records do not tell as a constant', () => {
    expect(told('ALTER TABLE t ADD c DATETIME DEFAULT NOW()', { told: 'plain' })).toEqual([
      't: c has a default that is no constant',
    ]);
  });

  test('without strict mode what does not fit becomes something else', () => {
    const lax = { sqlMode: 0n };
    expect(told('ALTER TABLE t MODIFY n INT NOT NULL', lax)).toEqual(['t: n is NOT NULL']);
    expect(told('ALTER TABLE t MODIFY word VARCHAR(20) CHARACTER SET latin1', lax)).toEqual([
      't: word is of latin1',
    ]);
  });

  test('a column whose name targets still have', () => {
    expect(told('ALTER TABLE t ADD c INT', { dropped: ['c'] })).toEqual([
      't: c has taken the place of an older one',
    ]);
  });

  test('a copy that has taken the name of its table (PITFALLS B98)', () => {
    const before = ['CREATE TABLE _t LIKE t', 'ALTER TABLE _t ADD c INT NOT NULL'];
    const sql = 'RENAME TABLE t TO t_old, _t TO t';
    expect(told(sql, { before })).toEqual(['t: c was added without a default']);
    expect(told(sql, { before: ['CREATE TABLE _t LIKE t'] })).toEqual([]);
  });
});

test('what the records leave out is nobody’s concern', () => {
  expect(told('ALTER TABLE t ADD c INT NOT NULL', { told: 'hidden' })).toEqual([]);
});

test.for([MARIADB, MYSQL57])('widths of numbers mean nothing', (dialect) => {
  expect(told('ALTER TABLE t MODIFY n INT(5)', { dialect })).toEqual([]);
});

test('columns and tables that are gone or came are named, columns in lower case', () => {
  const catalog = new TableCatalog(0);
  const context = statementContext(MYSQL);
  const changes = applyAll(catalog, [TABLE, 'ALTER TABLE t DROP N, CHANGE word w TEXT'], context);
  expect(droppedColumns(changes, () => true)).toEqual(['shop.t.n', 'shop.t.word']);
  expect(addedColumns(changes, () => true)).toEqual(['shop.t.w']);
  const gone = (...statements: string[]): readonly string[] =>
    droppedColumns(applyAll(catalog, statements, context), ({ name }) => name !== 'other');
  expect(gone('CREATE TABLE _t LIKE t', 'RENAME TABLE t TO old, _t TO t')).toEqual(['shop._t.']);
  expect(gone('RENAME TABLE t TO u')).toEqual(['shop.t.']);
  expect(gone('CREATE TABLE other LIKE u', 'DROP TABLE IF EXISTS u, other, none')).toEqual([
    'shop.u.',
  ]);
});
