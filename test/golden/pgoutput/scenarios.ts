export interface Scenario {
  readonly name: string;
  /** PostgreSQL's major from which on it runs. */
  readonly leastMajor: number;
  readonly setup: string;
  /** Each is one simple query: its statements are one transaction unless it says otherwise. */
  readonly statements: readonly string[];
  /** Of START_REPLICATION, besides the publication. */
  readonly options: readonly string[];
  readonly twoPhase?: boolean;
}

const PROTOCOL_1 = ["proto_version '1'"];

/** What the golden files hold; see record.ts. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'row changes of every replica identity',
    leastMajor: 15,
    setup: `
      CREATE TABLE d (id int PRIMARY KEY, note text);
      CREATE TABLE f (id int, note text); ALTER TABLE f REPLICA IDENTITY FULL;
      CREATE TABLE i (id int, code text NOT NULL, note text);
      CREATE UNIQUE INDEX i_code ON i (code); ALTER TABLE i REPLICA IDENTITY USING INDEX i_code;
      CREATE TABLE n (id int PRIMARY KEY, note text); ALTER TABLE n REPLICA IDENTITY NOTHING;`,
    statements: [
      `INSERT INTO d VALUES (1, 'ä€😀'), (2, NULL); INSERT INTO f VALUES (1, ''), (NULL, NULL);
       INSERT INTO i VALUES (1, 'x', 'y'); INSERT INTO n VALUES (1, 'n')`,
      `UPDATE d SET note = 'new' WHERE id = 1; UPDATE f SET note = 'new' WHERE id = 1;
       UPDATE i SET note = 'new'`,
      `UPDATE d SET id = 10 WHERE id = 1; UPDATE i SET code = 'z'`,
      `DELETE FROM d; DELETE FROM f; DELETE FROM i`,
    ],
    options: PROTOCOL_1,
  },
  {
    name: 'unchanged TOAST',
    leastMajor: 15,
    setup: `
      CREATE TABLE d (id int PRIMARY KEY, n int, big text); CREATE TABLE f (LIKE d);
      ALTER TABLE d ALTER big SET STORAGE EXTERNAL; ALTER TABLE f ALTER big SET STORAGE EXTERNAL;
      ALTER TABLE f REPLICA IDENTITY FULL;`,
    statements: [
      `INSERT INTO d VALUES (1, 1, repeat('x', 3000));
       INSERT INTO f VALUES (1, 1, repeat('y', 3000))`,
      `UPDATE d SET n = 2; UPDATE f SET n = 2`,
    ],
    options: PROTOCOL_1,
  },
  {
    name: 'truncate, relation changes and user types',
    leastMajor: 15,
    setup: `
      CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN pos AS int CHECK (VALUE > 0);
      CREATE TABLE "we.ird ""T" (id int PRIMARY KEY, m mood, p pos, a mood[], v varchar(7));
      CREATE TABLE other (id int);`,
    statements: [
      `INSERT INTO "we.ird ""T" VALUES (1, 'ok', 3, '{sad,NULL}', 'v')`,
      `TRUNCATE "we.ird ""T", other RESTART IDENTITY CASCADE`,
      `ALTER TABLE "we.ird ""T" ADD c numeric(10,2) DEFAULT 1.5`,
      `INSERT INTO "we.ird ""T" VALUES (2, 'sad', 4, '{}', 'w')`,
      `ALTER TABLE "we.ird ""T" RENAME TO plain`,
      `UPDATE plain SET c = 2`,
    ],
    options: PROTOCOL_1,
  },
  {
    name: 'logical messages and a replication origin',
    leastMajor: 15,
    setup: `CREATE TABLE t (id int PRIMARY KEY)`,
    statements: [
      `SELECT pg_logical_emit_message(true, 'transactional', 'in it');
       SELECT pg_logical_emit_message(false, 'at once', '')`,
      `SELECT pg_replication_origin_create('elsewhere')`,
      `SELECT pg_replication_origin_session_setup('elsewhere')`,
      `BEGIN; SELECT pg_replication_origin_xact_setup('0/AABBCC', '2020-01-01 00:00:00+00');
       INSERT INTO t VALUES (1); COMMIT`,
      `SELECT pg_replication_origin_session_reset()`,
      `SELECT pg_replication_origin_drop('elsewhere')`,
    ],
    options: PROTOCOL_1,
  },
  {
    name: 'streamed transactions with an aborted part',
    leastMajor: 15,
    setup: `CREATE TABLE t (id int PRIMARY KEY, v text)`,
    statements: [
      `BEGIN; INSERT INTO t SELECT g, repeat('s', 20) FROM generate_series(1, 500) g;
       SAVEPOINT s; INSERT INTO t SELECT g, repeat('a', 20) FROM generate_series(2001, 2500) g;
       ROLLBACK TO s; INSERT INTO t VALUES (9999, 'last'); COMMIT`,
    ],
    options: ["proto_version '2'", "streaming 'on'"],
  },
  {
    name: 'prepared transactions',
    leastMajor: 15,
    setup: `CREATE TABLE t (id int PRIMARY KEY)`,
    statements: [
      `BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'yes'`,
      `COMMIT PREPARED 'yes'`,
      `BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'no'`,
      `ROLLBACK PREPARED 'no'`,
    ],
    options: ["proto_version '3'"],
    twoPhase: true,
  },
];
