import { readFile, writeFile } from 'node:fs/promises';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily } from '../support/family-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import { makeTopics } from '../support/kafka-topics.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { startServer } from '../support/mysql-server.ts';
import { sharedSearch } from '../support/search-server.ts';
import { scanIndex } from '../support/search-sink.ts';

/*
 * Records that come again and out of order (PITFALLS S1, S6, S8, S13): a group that reads its topic
 * once more from the beginning, and a mirror of that topic with other partitions, shuffled, with
 * repetitions. Versions from the binlog's positions keep every index where the database was.
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const ROWS = 100;
const CHANGES = ALL ? 5_000 : 500;
const MIRRORED_PARTITIONS = 5;

const search = await sharedSearch();
const { series } = inject('search');

/** A statement that changes one row, or several at once as a transaction. */
function change(random: () => number, step: number): string {
  const id = Math.floor(random() * ROWS);
  const choice = random();
  if (choice < 0.4) return `UPDATE items SET n = ${step} WHERE id = ${id}`;
  if (choice < 0.6) return `DELETE FROM items WHERE id = ${id}`;
  if (choice < 0.8) return `REPLACE INTO items VALUES (${id}, ${step}, 'again ${step}')`;
  if (choice < 0.9) return `UPDATE IGNORE items SET id = ${(id + 7) % ROWS} WHERE id = ${id}`;
  return `BEGIN; DELETE FROM items WHERE id = ${id};
    INSERT INTO items VALUES (${id}, ${step}, NULL);
    UPDATE items SET n = n + 1 WHERE id = ${id}; COMMIT`;
}

async function changed(source: FamilyDatabase, random: () => number, from: number): Promise<void> {
  for (let step = from; step < from + CHANGES; step++) await source.run(change(random, step));
}

async function rowsOf(source: FamilyDatabase): Promise<readonly string[]> {
  const rows = await source.rows('SELECT id, n, word FROM items');
  return rows.map((row) => row.map(String).join(' ')).toSorted();
}

async function documentsOf(index: string): Promise<readonly string[]> {
  const found = Object.values(await scanIndex(search, index));
  return found.map(({ id, n, word }) => [id, n, word].map(String).join(' ')).toSorted();
}

/** All that a topic has, and then the same in another order, with every fourth record twice. */
async function mirror(
  bootstrapServers: string,
  [from, to]: readonly [string, string],
  random: () => number,
): Promise<{ readonly read: number; readonly written: number }> {
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(from);
  await admin.disconnect();
  const filled = ends.filter(({ high }) => high !== '0');
  const isWhole = (records: readonly ReadRecord[]): boolean =>
    filled.every(({ partition, high }) =>
      records.some((one) => one.partition === partition && one.offset >= BigInt(high) - 1n),
    );
  const records = await readTopic(bootstrapServers, from, isWhole);
  const all = [...records, ...records.filter((_, at) => at % 4 === 0)];
  const messages = all
    .map((record) => ({ record, at: random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ record: { key, value, headers } }): Message => ({
      key,
      value,
      ...(headers === undefined ? {} : { headers }),
      partition: Math.floor(random() * MIRRORED_PARTITIONS),
    }));
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: to, messages });
  await producer.disconnect();
  return { read: records.length, written: messages.length };
}

test(
  `MySQL by Kafka, replayed, shuffled, mirrored (seed ${SEED})`,
  { timeout: 240_000 },
  async () => {
    const server = await startServer('9.7');
    onTestFinished(() => server[Symbol.asyncDispose]());
    const { bootstrapServers } = await startOwnBroker();
    await using source = await mysqlFamily(server);
    const random = randomFrom(SEED);
    const topic = `copy.${source.name}.items`;
    await makeTopics(bootstrapServers, [
      { topic, numPartitions: 3 },
      { topic: 'mirror', numPartitions: MIRRORED_PARTITIONS },
    ]);
    await source.run('CREATE TABLE items (id int PRIMARY KEY, n int, word varchar(30))');
    await changed(source, random, 1);
    const prefix = source.name.replaceAll('_', '-').toLowerCase();
    const sinkOf = (name: string, topics: string, index: string): Record<string, unknown> => ({
      name,
      topics,
      'connector.class': series.split('-')[0],
      'connection.url': search.url,
      'index.name.format': `${prefix}-${index}`,
      // Several rounds, so that older records come behind newer ones in bulks of their own.
      'batch.size': 50,
    });
    const first = sinkOf('first', topic, 'items');
    await using pipeline = await familyPipeline(
      source,
      [{ family: 'search', sink: first }],
      {},
      { type: 'kafka', 'bootstrap.servers': bootstrapServers },
    );
    const expectIndex = (index: string, rows: readonly string[]) =>
      vi.waitFor(async () => expect(await documentsOf(`${prefix}-${index}`)).toEqual(rows), {
        timeout: 60_000,
        interval: 100,
      });
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until(({ source: { phase } }) => phase === 'streaming');
      await changed(source, random, CHANGES + 1);
      await expectIndex('items', await rowsOf(source));
      expect(await daemon.stop()).toBe(0);
    }
    const before = await rowsOf(source);
    expect(before.length).toBeGreaterThan(20);
    const { read, written } = await mirror(bootstrapServers, [topic, 'mirror'], random);
    expect(read).toBeGreaterThan(CHANGES);
    const sinks = [
      first,
      sinkOf('again', topic, 'items'),
      sinkOf('over', 'mirror', 'items'),
      sinkOf('mirrored', 'mirror', 'mirror'),
    ];
    const text = JSON.parse(await readFile(pipeline.file, 'utf8')) as Record<string, unknown>;
    await writeFile(pipeline.file, JSON.stringify({ ...text, sinks }));
    await using daemon = Daemon.start(pipeline);
    // New changes come in between.
    await changed(source, random, 2 * CHANGES + 1);
    await daemon.until(({ sinks: [, again, over, mirrored] }) => {
      const isMirrored = [over, mirrored].every((sink) => (sink?.applied ?? 0) >= written);
      return isMirrored && (again?.applied ?? 0) > read && again?.lagRecords === 0;
    });
    await expectIndex('items', await rowsOf(source));
    await expectIndex('mirror', before);
    const shown = (await daemon.status())?.sinks;
    expect(shown).toMatchObject(sinks.map(() => ({ parked: [], error: null })));
    expect(await daemon.stop()).toBe(0);
  },
);
