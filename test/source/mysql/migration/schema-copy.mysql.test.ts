import { expect, test } from 'vitest';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { copySchema } from '../../../../src/source/mysql/migration/schema-copy.ts';
import { ScratchSchema } from '../../../../src/source/mysql/migration/scratch-schema.ts';
import { readServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { connectionTo } from '../../../support/mysql-source.ts';

const { flavor, series } = sharedMysql();
const { signal } = new AbortController();

const SCHEMA = [
  // It refers to one that comes later by name.
  `CREATE TABLE z (id INT PRIMARY KEY) ENGINE=InnoDB`,
  `CREATE TABLE \`a \`\`b\` (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, z_id INT,
     at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
     word VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'it''s; x' COMMENT 'a;b',
     day DATE NOT NULL DEFAULT '0000-00-00', e SET('a','b'), KEY w (word(5)),
     CONSTRAINT to_z FOREIGN KEY (z_id) REFERENCES z (id) ON DELETE CASCADE)
     ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='c'`,
  `CREATE TABLE parted (id INT, at DATE, PRIMARY KEY (id, at)) PARTITION BY RANGE (YEAR(at))
     (PARTITION p0 VALUES LESS THAN (2026), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
  'CREATE VIEW a_view AS SELECT id FROM b_view',
  'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
  'CREATE PROCEDURE grow(IN n INT) BEGIN DELETE FROM `@db`.z WHERE id = n; SELECT 1; END',
  'CREATE TRIGGER tr BEFORE INSERT ON z FOR EACH ROW SET NEW.id = `@db`.twice(NEW.id)',
];

const TEXTS = [
  `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = '@db' ORDER BY 1`,
  `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_DEFAULT, IS_NULLABLE, COLLATION_NAME, EXTRA,
     COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '@db' ORDER BY 1, 2`,
  `SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, NON_UNIQUE
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '@db' ORDER BY 1, 2, 3`,
  `SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS
     WHERE TABLE_SCHEMA = '@db' ORDER BY 1`,
  `SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION FROM information_schema.ROUTINES
     WHERE ROUTINE_SCHEMA = '@db' ORDER BY 1`,
  `SELECT TRIGGER_NAME, ACTION_STATEMENT, ACTION_TIMING FROM information_schema.TRIGGERS
     WHERE TRIGGER_SCHEMA = '@db' ORDER BY 1`,
  `SELECT TABLE_NAME, PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS
     WHERE TABLE_SCHEMA = '@db' ORDER BY 1, 2`,
  `SELECT CONSTRAINT_NAME, REFERENCED_TABLE_NAME, DELETE_RULE
     FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '@db' ORDER BY 1`,
];

test(`a copy has all that its database has, without rows (${flavor} ${series})`, async () => {
  await using source = await freshMysqlDatabase();
  await using session = await MysqlSession.connect(connectionTo(source), signal);
  await session.query(`USE ${source.name}`);
  const sequence =
    flavor === 'mariadb' ? ['CREATE SEQUENCE s', 'CREATE TABLE q (n INT DEFAULT nextval(s))'] : [];
  await session.query('CREATE VIEW b_view AS SELECT 1 AS id');
  for (const sql of [...SCHEMA, ...sequence]) {
    await session.query(sql.replaceAll('@db', source.name));
  }
  await session.query('INSERT INTO z VALUES (1)');
  const facts = await readServerFacts(session);
  const form = `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${source.name}'`;
  const [[charset = '', collation = ''] = []] = (await session.query(form)).rows;
  await using scratch = await ScratchSchema.create({
    connection: connectionTo(source),
    like: { name: source.name, charset: charset ?? '', collation: collation ?? '' },
    wouldBeCaptured: () => false,
    clock: systemClock,
    signal,
    note: () => undefined,
  });
  {
    await using making = await scratch.connect();
    const place = {
      dialect: ddlDialect(facts, 0),
      databases: [source.name],
      copied: source.name,
      scratch: scratch.name,
      foldsNames: false,
    };
    expect(await copySchema(session, making, place, signal)).toEqual([]);
    // Nobody hears of it: no replica, and no daemon.
    expect((await making.query('SELECT @@sql_log_bin')).rows).toEqual([['0']]);
  }
  for (const sql of TEXTS) {
    const [own, its] = await Promise.all(
      [source.name, scratch.name].map(async (name) => {
        const { rows } = await session.query(sql.replaceAll('@db', name));
        return JSON.stringify(rows, null, 1).replaceAll(name, 'db');
      }),
    );
    expect(its).toBe(own);
  }
  const { rows } = await session.query(`SELECT COUNT(*) FROM ${scratch.name}.z`);
  expect(rows).toEqual([['0']]);
  const lock = await session.query(`SELECT IS_FREE_LOCK('${scratch.name}')`);
  expect(lock.rows).toEqual([['0']]);
});
