import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';
import type { ValueKind } from './value-texts.ts';

/** A table, and DDL that changes its stored rows, or does not. */
export interface RewriteCase {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, kind: ValueKind])[];
  readonly before: readonly string[];
  readonly during: readonly string[];
  /** No event tells of what it did. */
  readonly isRewritten: boolean;
}

const ROWS = "(1, 1, 1.25, 'one'), (2, NULL, NULL, NULL), (3, -3, -9.99, 'three😀')";

function keyed(table: string): readonly string[] {
  return [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, n INT, amount DECIMAL(8,2), word VARCHAR(20))
      CHARACTER SET utf8mb4`,
    `INSERT INTO ${table} VALUES ${ROWS}`,
  ];
}

const ID = ['id', 'number'] as const;
const ALL = [ID, ['n', 'number'], ['amount', 'number'], ['word', 'text']] as const;
const LAX = "SET SESSION sql_mode = ''";
const STRICT = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'";

function of(
  table: string,
  during: readonly string[],
  columns: RewriteCase['columns'] = ALL,
  isRewritten = true,
): RewriteCase {
  return { table, columns, before: keyed(table), during, isRewritten };
}

function added(name: string, kind: ValueKind): RewriteCase['columns'] {
  return [...ALL, [name, kind]];
}

const ADDED: readonly RewriteCase[] = [
  of('added_now', ['ALTER TABLE added_now ADD t DATETIME DEFAULT NOW()'], added('t', 'time')),
  of('added_zero', ['ALTER TABLE added_zero ADD z INT NOT NULL'], added('z', 'number')),
  of(
    'added_constant',
    ["ALTER TABLE added_constant ADD c INT NOT NULL DEFAULT 7, ADD w VARCHAR(9) DEFAULT 'é'"],
    [...added('c', 'number'), ['w', 'text']],
    false,
  ),
  of('added_null', ['ALTER TABLE added_null ADD z INT'], added('z', 'number'), false),
  of(
    'set_later',
    ['ALTER TABLE set_later ADD c INT', 'ALTER TABLE set_later ALTER c SET DEFAULT 5'],
    added('c', 'number'),
  ),
  of(
    'let_go',
    ['ALTER TABLE let_go ADD c INT DEFAULT 5', 'ALTER TABLE let_go ALTER c DROP DEFAULT'],
    added('c', 'number'),
  ),
  of('added_again', ['ALTER TABLE added_again DROP COLUMN n', 'ALTER TABLE added_again ADD n INT']),
];

const CHANGED: readonly RewriteCase[] = [
  of('rounded', ['ALTER TABLE rounded MODIFY amount DECIMAL(7,1)']),
  of('cut', [LAX, 'ALTER TABLE cut MODIFY word VARCHAR(3)', STRICT]),
  of('recoded', [LAX, 'ALTER TABLE recoded MODIFY word VARCHAR(20) CHARACTER SET latin1', STRICT]),
  of('zeroed', [LAX, 'ALTER TABLE zeroed MODIFY n INT NOT NULL', STRICT]),
  of('widened', ['ALTER TABLE widened MODIFY n BIGINT, MODIFY word VARCHAR(200)'], ALL, false),
  of(
    'renamed',
    ['ALTER TABLE renamed CHANGE n m INT'],
    [ID, ['m', 'number'], ['amount', 'number'], ['word', 'text']],
  ),
];

const OTHERS: readonly RewriteCase[] = [
  of(
    'copied',
    [
      'CREATE TABLE _copied LIKE copied',
      'ALTER TABLE _copied ADD z INT NOT NULL',
      'INSERT INTO _copied SELECT *, id FROM copied',
      'RENAME TABLE copied TO _copied_old, _copied TO copied',
    ],
    added('z', 'number'),
  ),
  {
    table: 'parted',
    columns: [ID, ['word', 'text']],
    before: [
      `CREATE TABLE parted (id INT PRIMARY KEY, word VARCHAR(20)) PARTITION BY RANGE (id)
        (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20),
         PARTITION c VALUES LESS THAN (30))`,
      "INSERT INTO parted VALUES (1, 'a'), (2, 'a'), (11, 'b'), (21, 'c')",
    ],
    during: ['ALTER TABLE parted TRUNCATE PARTITION a', 'ALTER TABLE parted DROP PARTITION b'],
    isRewritten: true,
  },
  {
    table: 'exchanging',
    columns: [ID, ['word', 'text']],
    before: [
      `CREATE TABLE exchanged (id INT PRIMARY KEY, word VARCHAR(20)) PARTITION BY RANGE (id)
        (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20))`,
      'CREATE TABLE exchanging (id INT PRIMARY KEY, word VARCHAR(20))',
      "INSERT INTO exchanged VALUES (1, 'a'), (2, 'a'), (11, 'b')",
      "INSERT INTO exchanging VALUES (3, 'c')",
    ],
    during: ['ALTER TABLE exchanged EXCHANGE PARTITION a WITH TABLE exchanging'],
    isRewritten: true,
  },
  {
    ...of('remade', [
      'DROP TABLE remade',
      'CREATE TABLE remade (id INT PRIMARY KEY, z BIGINT, n BIGINT) CHARACTER SET utf8mb4',
      'INSERT INTO remade VALUES (1, 5, 9007199254740993), (8, NULL, NULL)',
    ]),
    columns: [ID, ['n', 'number'], ['z', 'number']],
  },
  {
    table: 'remade_keyless',
    columns: [
      ['n', 'number'],
      ['z', 'number'],
    ],
    before: ['CREATE TABLE remade_keyless (n INT)', 'INSERT INTO remade_keyless VALUES (1), (1)'],
    during: [
      'DROP TABLE remade_keyless',
      'CREATE TABLE remade_keyless (z INT, n INT)',
      'INSERT INTO remade_keyless VALUES (1, 2), (1, 2), (3, NULL)',
    ],
    isRewritten: true,
  },
  {
    ...of('put_in', [
      'CREATE TABLE putting (id INT PRIMARY KEY, word VARCHAR(20), z INT) CHARACTER SET utf8mb4',
      "INSERT INTO putting VALUES (1, 'new', 4), (5, NULL, 5)",
      'RENAME TABLE put_in TO put_aside',
      'RENAME TABLE putting TO put_in',
      "INSERT INTO put_in VALUES (6, 'six', 6)",
    ]),
    columns: [ID, ['word', 'text'], ['z', 'number']],
  },
  {
    table: 'keyless',
    columns: [
      ['n', 'number'],
      ['z', 'number'],
    ],
    before: ['CREATE TABLE keyless (n INT)', 'INSERT INTO keyless VALUES (1), (1), (NULL), (2)'],
    during: ['ALTER TABLE keyless ADD z INT NOT NULL'],
    isRewritten: true,
  },
];

/** Of MySQL and MariaDB; what a server has not is left out. */
export function mysqlRewrites(flavor: ServerFlavor, series: ServerSeries): readonly RewriteCase[] {
  const cases = [...ADDED, ...CHANGED, ...OTHERS];
  if (series === '5.6') return cases;
  const sql = 'ALTER TABLE computed ADD g INT AS (id * 2) STORED';
  const computed = of('computed', [sql], added('g', 'number'));
  const drawn = 'ALTER TABLE drawn ADD r INT DEFAULT (id + 5)';
  const own = flavor === 'mariadb' ? [of('drawn', [drawn], added('r', 'number'))] : [];
  return [...cases, computed, ...own];
}
