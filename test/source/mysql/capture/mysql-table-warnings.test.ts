import { expect, test } from 'vitest';
import type { MysqlValueModes } from '../../../../dialects/mysql/mysql-value-modes.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { CapturedTable } from '../../../../src/source/mysql/capture/captured-tables.ts';
import { tableWarnings } from '../../../../src/source/mysql/capture/mysql-table-warnings.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { catalogOf, MYSQL, tableDefinition } from '../../../support/mysql-definitions.ts';

const STRICT = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE';

function captured(sql: string, modes: MysqlValueModes, engine = 'InnoDB'): CapturedTable {
  const definition = tableDefinition(sql, MYSQL);
  const shape = {
    wantsTable: () => true,
    wantsColumn: (_database: string, _table: string, column: string) => column !== 'left_out',
    masks: [],
    messageKeys: [],
    modes,
  };
  const schema = new MysqlTableSchemas(catalogOf([]), shape, MYSQL).ofDefinition(definition);
  if (schema === null) throw new Error('not captured');
  return { info: { ...definition, engine, estimatedRows: 0 }, definition, schema };
}

interface Case {
  readonly sql: string;
  readonly modes?: Partial<MysqlValueModes>;
  readonly sqlMode?: string;
  readonly engine?: string;
}

function warned({ sql, modes = {}, sqlMode = STRICT, engine }: Case): string[] {
  const all = { ...DEFAULT_MYSQL_VALUE_MODES, ...modes };
  const context = { modes: all, sqlMode };
  return tableWarnings([captured(sql, all, engine)], context).map(
    ({ message, cure }) => `${message} | ${cure}`,
  );
}

const dates = (zero: 'fail' | 'null' | 'epoch'): Partial<MysqlValueModes> => ({
  dates: { zero, adjustYears: true },
});
const DATED = 'CREATE TABLE t (id INT PRIMARY KEY, d DATE, t TIME, dt DATETIME, left_out DATE)';

test('an ordinary table under ordinary settings is not worth a word', () => {
  const sql =
    'CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v TEXT, b TINYINT(1), ' +
    'm DECIMAL(30,2), d DATE)';
  expect(warned({ sql })).toEqual([]);
});

test.each<readonly [string, Case, RegExp]>([
  [
    'unsigned numbers that int64 cannot hold',
    { sql: 'CREATE TABLE t (id INT PRIMARY KEY, n BIGINT UNSIGNED, left_out BIGINT UNSIGNED)' },
    /^BIGINT UNSIGNED as int64: g\.t\.n: .* negative number\) \| .*mode to precise/,
  ],
  [
    'zero dates that become NULL in silence (PITFALLS B73)',
    { sql: DATED, sqlMode: 'NO_ZERO_DATE', modes: dates('null') },
    /^sql_mode allows zero dates .* in g\.t\.d, g\.t\.dt: they become NULL, or 1970.*mode to fail/,
  ],
  [
    'zero dates that would stop the stream',
    { sql: DATED, sqlMode: '', modes: dates('fail') },
    /g\.t\.d, g\.t\.dt: one of these is an error \| .*null or epoch/,
  ],
  [
    'zero dates that become a day',
    { sql: DATED, sqlMode: 'STRICT_ALL_TABLES,NO_ZERO_DATE', modes: dates('epoch') },
    /they become 1970-01-01/,
  ],
  [
    'numbers that become true (PITFALLS B78)',
    {
      sql: 'CREATE TABLE t (id INT PRIMARY KEY, b BOOLEAN, n TINYINT(4))',
      modes: { tinyIntOne: 'boolean' },
    },
    /^TINYINT\(1\) as boolean: g\.t\.b: values but 0 and 1 become true/,
  ],
  [
    'digits that a double does not have',
    {
      sql: 'CREATE TABLE t (id INT PRIMARY KEY, m DECIMAL(16,2), s DECIMAL(15,2))',
      modes: { decimal: 'double' },
    },
    /^DECIMAL as double: g\.t\.m: digits after the fifteenth/,
  ],
  [
    'no key',
    { sql: 'CREATE TABLE t (v INT, n INT, UNIQUE KEY u (n))' },
    /^no primary key, .*: g\.t: .*message\.key\.columns/,
  ],
  [
    'an engine without transactions (PITFALLS B115)',
    { sql: 'CREATE TABLE t (id INT PRIMARY KEY)', engine: 'MyISAM' },
    /^engines without transactions: g\.t \(MyISAM\): .*ENGINE = InnoDB;$/,
  ],
])('%s', (_name, one, text) => {
  const found = warned(one);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(text);
});

test('what is told in full is not warned of, and of many names the first few are shown', () => {
  expect(warned({ sql: DATED, sqlMode: '', modes: { timePrecision: 'structured' } })).toEqual([]);
  const unsigned = 'CREATE TABLE t (id INT PRIMARY KEY, n BIGINT UNSIGNED)';
  expect(warned({ sql: unsigned, modes: { bigintUnsigned: 'precise' } })).toEqual([]);
  const many = Array.from({ length: 7 }, (_, i) => `n${i} BIGINT UNSIGNED`).join(', ');
  const [text] = warned({ sql: `CREATE TABLE t (id INT PRIMARY KEY, ${many})` });
  expect(text).toContain('g.t.n0, g.t.n1, g.t.n2, g.t.n3, g.t.n4 and 2 more');
});
