import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { debeziumReads, WITH_TRANSACTIONS } from '../support/debezium-source.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { readTopic } from '../support/kafka-topic-reader.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectWhole, recordTopics } from '../support/recorded-transactions.ts';

/*
 * What test/golden/transactions holds, as Debezium writes it today. TIDEMARK_RECORD=1 writes the
 * files anew.
 */

let broker: KafkaCluster;
let connect: ConnectWorker;

beforeAll(async () => {
  broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  connect = await startConnect({ bootstrapServers, plugins: ['postgres', 'mysql'] });
});

afterAll(async () => {
  for (const server of [connect, broker]) await server[Symbol.asyncDispose]();
});

const TABLES = ['checking', 'savings'] as const;

const BEFORE = [
  ...TABLES.flatMap((table) => [
    `CREATE TABLE ${table} (id int PRIMARY KEY, balance int NOT NULL)`,
    `INSERT INTO ${table} VALUES (1, 1000), (2, 1000), (3, 1000), (4, 1000), (5, 1000)`,
  ]),
  'CREATE TABLE moves (id int PRIMARY KEY)',
  'INSERT INTO moves VALUES (0)',
];

const LAST = 99;

/** Each a transaction. */
const DURING: readonly (readonly string[])[] = [
  [
    'INSERT INTO moves VALUES (1)',
    'UPDATE checking SET balance = balance - 10 WHERE id = 1',
    'UPDATE savings SET balance = balance + 10 WHERE id = 3',
  ],
  // Every partition of both.
  ['UPDATE checking SET balance = balance - 7', 'UPDATE savings SET balance = balance + 7'],
  // Never seen.
  ['UPDATE checking SET balance = 0', 'INSERT INTO moves VALUES (2)', 'ROLLBACK'],
  // A delete with its tombstone, and a create, in two partitions.
  [
    'UPDATE checking SET id = 11, balance = balance - 1 WHERE id = 1',
    'UPDATE savings SET balance = balance + 1 WHERE id = 1',
  ],
  ['INSERT INTO moves VALUES (3)'],
  // A row goes, and what it had.
  [
    `UPDATE savings SET balance = balance + (SELECT balance FROM checking WHERE id = 2)
     WHERE id = 2`,
    'DELETE FROM checking WHERE id = 2',
  ],
  // One row more than once.
  [
    'UPDATE checking SET balance = balance - 100 WHERE id = 3',
    'UPDATE checking SET balance = balance + 40 WHERE id = 3',
    'UPDATE savings SET balance = balance + 60 WHERE id = 3',
    'DELETE FROM moves WHERE id = 1',
    'INSERT INTO moves VALUES (1)',
  ],
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
    `INSERT INTO checking VALUES (${20 + n}, 50)`,
    `INSERT INTO savings VALUES (${20 + n}, -50)`,
  ]),
  ['DELETE FROM savings WHERE id = 27', 'UPDATE checking SET balance = 0 WHERE id = 27'],
  [
    'UPDATE savings SET balance = balance - 5 WHERE id = 4',
    'UPDATE checking SET balance = balance + 5 WHERE id = 4',
  ],
  [`INSERT INTO moves VALUES (${LAST})`],
];

async function write(source: FamilyDatabase): Promise<void> {
  for (const statements of DURING) {
    await source.run('BEGIN');
    for (const statement of statements) await source.run(statement);
    if (statements.at(-1) !== 'ROLLBACK') await source.run('COMMIT');
  }
}

test.for(['postgres', 'mysql', 'mysql-without-gtids'] as const)(
  'transactions of %s as Debezium writes them are whole, whatever comes first (S28)',
  { timeout: 120_000 },
  async (family) => {
    await using stack = new AsyncDisposableStack();
    const settings = family === 'mysql' ? {} : { 'gtid-mode': 'OFF' };
    const source = stack.use(
      family === 'postgres'
        ? await postgresFamily(await freshDatabase())
        : await mysqlFamily(stack.use(await startServer('9.7', { settings }))),
    );
    for (const statement of BEFORE) await source.run(statement);
    const prefix = `recorded_${family.replaceAll('-', '_')}`;
    const { bootstrapServers } = broker;
    await debeziumReads(prefix, source, { connect, bootstrapServers, more: WITH_TRANSACTIONS });
    stack.defer(() => connect.delete(prefix));
    const schema = family === 'postgres' ? 'public' : source.name;
    const moves = `${prefix}.${schema}.moves`;
    const texts = (records: readonly { readonly value: Buffer | null }[]) =>
      records.map(({ value }) => String(value));
    await readTopic(bootstrapServers, moves, ({ length }) => length === 1);
    await write(source);
    const seen = await readTopic(bootstrapServers, moves, (records) =>
      texts(records).some((text) => text.includes(`"after":{"id":${LAST}}`)),
    );
    const last = texts(seen).find((text) => text.includes(`"after":{"id":${LAST}}`)) ?? '';
    const id = /"transaction":\{"id":"([^":]+)/.exec(last)?.[1] ?? 'none';
    await readTopic(bootstrapServers, `${prefix}.transaction`, (records) =>
      texts(records).some((text) => text.includes('"END"') && text.includes(`"id":"${id}`)),
    );
    const rows = Object.fromEntries(
      await Promise.all(
        TABLES.map(async (table) => {
          const found = await source.rows(`SELECT id, balance FROM ${table} ORDER BY id`);
          return [table, found.map((row) => row.map(Number))] as const;
        }),
      ),
    );
    const names = ['transaction', ...[...TABLES, 'moves'].map((table) => `${schema}.${table}`)];
    const topics = names.map((name) => `${prefix}.${name}`);
    const recorded = await vi.waitFor(async () => {
      const made = await recordTopics(bootstrapServers, prefix, topics, rows);
      await expectWhole(made, [1]);
      return made;
    });
    if (process.env['TIDEMARK_RECORD'] === '1') {
      const file = new URL(`../golden/transactions/${family}.json`, import.meta.url);
      await writeFile(file, `${JSON.stringify(recorded, null, 1)}\n`);
    }
    expect(Object.keys(recorded.topics)).toHaveLength(4);
    await expectWhole(recorded, [2, 3, 4, 5]);
  },
);
