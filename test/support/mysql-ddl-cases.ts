import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';

/**
 * What DDL does to a table: the classes of its alerts, and the grades of the last one under NONE,
 * BACKWARD, FORWARD and FULL (i, w, b). Null: nobody is told. `@` is ALTER TABLE of the case's own
 * table, `$` its name.
 */
type DdlCase = readonly [name: string, ddl: string, kinds: string | null, grades?: string];

/** The columns of a case's table. */
export const DDL_COLUMNS = `id INT PRIMARY KEY, n INT, req INT NOT NULL, big BIGINT,
  amount DECIMAL(8,2), word VARCHAR(20), ts3 DATETIME(3), e ENUM('a','b'),
  set_now INT DEFAULT 5, secret TEXT`;

/** What older servers have no statement for. */
const UNKNOWN_CASES: Readonly<Partial<Record<ServerSeries, readonly string[]>>> = {
  '5.6': ['add_generated', 'rename_required', 'hidden'],
  '5.7': ['rename_required', 'hidden'],
  '8.0': ['hidden'],
};

/** As `npm test` runs them, on tables of their own. */
export function ddlCases(server: {
  readonly flavor: ServerFlavor;
  readonly series: ServerSeries;
}): readonly DdlCase[] {
  // By default; without it what a charset lacks becomes `?`, and rows have to be read again.
  const isStrict = server.series !== '5.6';
  const isMariadb = server.flavor === 'mariadb';
  const all = [...COLUMN_CASES, ...tableCases(isStrict, isMariadb)];
  const unknown = UNKNOWN_CASES[server.series] ?? [];
  return all.filter(([name]) => !unknown.includes(name));
}

/** What is run one after the other. */
export function statementsOf([name, ddl]: DdlCase): readonly string[] {
  return ddl.replaceAll('@', `ALTER TABLE ${name}`).replaceAll('$', name).split(';');
}

const COLUMN_CASES: readonly DdlCase[] = [
  ['add_nullable', '@ ADD c INT', 'column_added', 'wwww'],
  ['add_default', '@ ADD c INT NOT NULL DEFAULT 5', 'column_added', 'wwww'],
  ['add_required', '@ ADD c INT NOT NULL', 'column_added', 'wbwb'],
  ['add_two', '@ ADD c INT, ADD d TEXT', 'column_added', 'wwww'],
  ['add_first', '@ ADD c INT FIRST', 'column_added', 'wwww'],
  ['add_generated', '@ ADD g INT AS (id * 2) STORED', 'column_added', 'wwww'],
  ['add_secret', '@ ADD secret2 INT', null],
  ['drop_nullable', '@ DROP n', 'column_dropped', 'wwww'],
  ['drop_required', '@ DROP req', 'column_dropped', 'bwbb'],
  ['drop_secret', '@ DROP secret', null],
  ['change_name', '@ CHANGE n m INT', 'column_renamed', 'wwww'],
  ['rename_required', '@ RENAME COLUMN req TO req2', 'column_renamed', 'bbbb'],
  ['widen_int', '@ MODIFY n BIGINT', 'column_widened', 'bwbb'],
  ['narrow_int', '@ MODIFY big INT', 'column_narrowed', 'wbwb'],
  ['less_than_zero', '@ MODIFY n INT UNSIGNED', 'column_retyped', 'bwbb'],
  ['retype_int', '@ MODIFY n VARCHAR(20)', 'column_retyped', 'bbbb'],
  ['widen_varchar', '@ MODIFY word VARCHAR(50)', 'column_widened', 'iiii'],
  ['varchar_text', '@ MODIFY word TEXT', 'column_widened', 'iiii'],
  ['narrow_varchar', '@ MODIFY word VARCHAR(5)', 'column_narrowed', 'wwww'],
  ['widen_decimal', '@ MODIFY amount DECIMAL(10,2)', 'column_widened', 'iiii'],
  ['scale_decimal', '@ MODIFY amount DECIMAL(10,4)', 'column_widened', 'wwww'],
  ['widen_time', '@ MODIFY ts3 DATETIME(6)', 'column_widened', 'bbbb'],
  ['drop_not_null', '@ MODIFY req INT NULL', 'column_nullable', 'bwbb'],
  ['set_not_null', '@ MODIFY n INT NOT NULL', 'column_required', 'wbwb'],
  ['set_default', '@ ALTER n SET DEFAULT 7', 'column_default', 'iiii'],
  ['drop_default', '@ ALTER set_now SET DEFAULT NULL', 'column_default', 'iiii'],
  ['auto_increment', '@ MODIFY id INT AUTO_INCREMENT', 'column_counted', 'iiii'],
  ['add_member', "@ MODIFY e ENUM('a','b','c')", 'members_added', 'wwww'],
  ['drop_member', "@ MODIFY e ENUM('a')", 'members_removed', 'wwww'],
  ['move_member', "@ MODIFY e ENUM('b','a')", 'members_moved', 'iiii'],
  ['other_key', '@ DROP PRIMARY KEY, ADD PRIMARY KEY (req)', 'key_changed', 'bbbb'],
  ['drop_key', '@ DROP PRIMARY KEY', 'key_changed', 'bbbb'],
];

function tableCases(isStrict: boolean, isMariadb: boolean): readonly DdlCase[] {
  const invisible = isMariadb ? 'MODIFY n INT INVISIBLE' : 'ALTER COLUMN n SET INVISIBLE';
  return [
    ['table_set', '@ CONVERT TO CHARACTER SET latin1', 'table_charset', isStrict ? 'iiii' : 'wwww'],
    [
      'column_set',
      '@ MODIFY word VARCHAR(20) CHARACTER SET latin1',
      isStrict ? 'column_charset' : 'rows_rewritten',
      isStrict ? 'iiii' : 'wwww',
    ],
    ['moved', '@ MODIFY n INT AFTER word', 'column_moved', 'iiii'],
    // The original's parser for MariaDB tells comments whatever the option says.
    ['commented', "@ MODIFY n INT COMMENT 'x'", isMariadb ? 'column_comment' : null, 'iiii'],
    ['dropped', 'DROP TABLE $', 'table_dropped', 'wwww'],
    ['renamed', 'RENAME TABLE $ TO renamed_on', 'table_renamed', 'bbbb'],
    ['altered_name', '@ RENAME TO altered_on, ADD c INT', 'table_renamed', 'bbbb'],
    [
      'remade',
      'DROP TABLE $; CREATE TABLE $ (id INT PRIMARY KEY)',
      'table_dropped table_created',
      'wwww',
    ],
    ['truncated', 'TRUNCATE TABLE $', 'table_truncated', 'wwww'],
    [
      'swapped',
      `CREATE TABLE swap_new LIKE $; ALTER TABLE swap_new ADD c INT;
      RENAME TABLE $ TO swap_old, swap_new TO $`,
      'column_added',
      'wwww',
    ],
    ['named_table', "@ COMMENT = 'y'", null],
    ['indexed', 'CREATE INDEX i ON $ (n); @ ADD UNIQUE (req); DROP INDEX i ON $', null],
    ['optimized', 'OPTIMIZE TABLE $; ANALYZE TABLE $', null],
    ['rebuilt', '@ ENGINE = InnoDB; @ ROW_FORMAT = DYNAMIC', null],
    ['hidden', `@ ${invisible}`, null],
    ['same', '@ MODIFY n INT', null],
    ['parted', '@ PARTITION BY HASH (id) PARTITIONS 2', null],
  ];
}
