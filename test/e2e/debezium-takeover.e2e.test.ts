import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import {
  importFrom,
  KILLED,
  openPlace,
  standInForDebezium,
  startTakeoverServers,
  STOPPED,
  withTopic,
} from '../support/debezium-takeover.ts';
import type { Hands, Place, TakeoverServers } from '../support/debezium-takeover.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

let servers: TakeoverServers;

beforeAll(async () => {
  servers = await startTakeoverServers(['postgres']);
});

afterAll(() => servers[Symbol.asyncDispose]());

/** One writer, so that positions in the log rise from transaction to transaction. */
class Writer implements AsyncDisposable {
  readonly #database: TestDatabase;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  /** Rows that are committed. */
  written = 0;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#ended = this.#write();
  }

  /** Transactions of one to nine rows, and one update of a row that all of them count on. */
  async #write(): Promise<void> {
    for (let round = 0; !this.#stopped.signal.aborted; round++) {
      const rows = 1 + (round % 9);
      await this.#database.query(
        `BEGIN;
         INSERT INTO entry SELECT n, 0 FROM
           generate_series(${this.written + 1}, ${this.written + rows}) n;
         SELECT pg_sleep(0.003);
         UPDATE entry SET version = version + 1 WHERE id = 0;
         COMMIT`,
      );
      this.written += rows;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }
}

async function placeOf(name: string): Promise<Place<TestDatabase> & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await freshDatabase());
  await database.query(`CREATE TABLE entry (id bigint PRIMARY KEY, version int);
                        INSERT INTO entry VALUES (0, 0)`);
  const config = {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.dbname': database.name,
    'plugin.name': 'pgoutput',
    'slot.name': database.name,
    'publication.name': 'shop',
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.entry',
  };
  const topic = `${name}.public.entry`;
  return await openPlace(
    { servers, name, topic, database, config, streamingKey: 'lsn_proc' },
    opened,
  );
}

interface Entry {
  readonly id: number;
  readonly version: number;
  readonly lsn: number;
}

function entryOf({ value }: ReadRecord): Entry {
  const { after, source } = JSON.parse(String(value)) as {
    readonly after: { readonly id: number; readonly version: number };
    readonly source: { readonly lsn: number };
  };
  return { ...after, lsn: source.lsn };
}

function newestOf(records: readonly ReadRecord[]): Entry {
  const newest = records.at(-1);
  return newest === undefined ? { id: -1, version: -1, lsn: 0 } : entryOf(newest);
}

interface StoredOffset {
  readonly lsn: number;
  readonly lsn_proc: number;
}

/** What was read, and where each program's part of it ends. */
interface History {
  readonly entries: readonly Entry[];
  readonly byDebezium: number;
  readonly first: StoredOffset;
  readonly second: StoredOffset;
  readonly written: number;
  readonly version: number;
}

/** Debezium, Tidemark, Debezium, while rows are written. */
async function handOver(place: Place<TestDatabase>, hands: Hands): Promise<History> {
  const { name, topic, database, config } = place;
  const { bootstrapServers } = servers.broker;
  await withTopic(place);
  await using writer = new Writer(database);
  const untilMoreRows = async (): Promise<void> => {
    const id = writer.written + 200;
    await readTopic(bootstrapServers, topic, (read) => newestOf(read).id > id);
  };
  await servers.connect.put(name, config);
  await untilMoreRows();
  const imported = await importFrom(await hands.debeziumEnds(place), place);
  const { offset: first } = imported as { readonly offset: StoredOffset };
  const byDebezium = await withTopic(place);
  const handover = await standInForDebezium(place, hands, untilMoreRows);
  const { offsets } = handover as { readonly offsets: readonly { offset: StoredOffset }[] };
  await hands.debeziumGoesOn(place);
  await untilMoreRows();
  await writer[Symbol.asyncDispose]();
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const { version = -1 } = last ?? {};
  const records = await readTopic(bootstrapServers, topic, (read) => {
    const newest = newestOf(read);
    return newest.id === 0 && newest.version === version;
  });
  const second = offsets[0]?.offset ?? { lsn: 0, lsn_proc: 0 };
  const { written } = writer;
  return { entries: records.map(entryOf), byDebezium, first, second, written, version };
}

/** Places in the log of which a record stands in the topic more than once. */
function repeatedPlaces(entries: readonly Entry[]): readonly number[] {
  const seen = new Set<string>();
  const repeated = new Set<number>();
  for (const { id, version, lsn } of entries) {
    const change = `${id} ${version} ${lsn}`;
    if (seen.has(change)) repeated.add(lsn);
    seen.add(change);
  }
  return [...repeated];
}

test.each([
  ['in order', 'order', STOPPED],
  ['killed', 'kill', KILLED],
] as const)(
  'Tidemark takes over from Debezium and back, under load, %s',
  async (_how, name, hands) => {
    await using place = await placeOf(name);
    const { entries, byDebezium, first, second, written, version } = await handOver(place, hands);

    expect(new Set(entries.map(({ id }) => id)).size, 'every row is there').toBe(written + 1);
    const versions = new Set(entries.filter(({ id }) => id === 0).map((entry) => entry.version));
    const [earliest = 0] = versions;
    const expected = Array.from({ length: version - earliest + 1 }, (_, i) => earliest + i);
    expect([...versions], 'no version of a key is missing or late').toEqual(expected);

    // What an offset says is done does not come again: of Debezium's to us, of ours to Debezium.
    const sentByDebezium = Math.max(...entries.slice(0, byDebezium).map(({ lsn }) => lsn));
    const outside = repeatedPlaces(entries).filter(
      (lsn) => lsn <= first.lsn || (lsn > sentByDebezium && lsn < second.lsn_proc),
    );
    expect(outside).toEqual([]);
  },
);

test('a connector that runs is not taken over', async () => {
  await using place = await placeOf('running');
  const { connect } = servers;
  await connect.put(place.name, place.config);
  const args = ['import', 'debezium', connect.url, '--connector', place.name, '-o', place.file];
  const refused = await runProgram(args);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/HANDOVER_REFUSED.*is RUNNING, not STOPPED/);
  expect(refused.stderr).toContain(`curl -X PUT ${connect.url}/connectors/${place.name}/stop`);
});
