import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  ask,
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
import { createMysqlDatabase, type MysqlDatabase } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';

let servers: TakeoverServers;

beforeAll(async () => {
  servers = await startTakeoverServers(['mysql', 'mariadb']);
});

afterAll(() => servers[Symbol.asyncDispose]());

/**
 * One writer: transactions of several events. The table's second column is called `s<n>` and has n
 * in each row that is written while it is called so: who has the wrong shape is seen at once.
 */
class Writer implements AsyncDisposable {
  readonly #database: MysqlDatabase;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  written = 0;
  shape = 0;
  /** The first snapshot of Debezium fails when a definition changes. */
  isReshaping = false;

  constructor(database: MysqlDatabase) {
    this.#database = database;
    this.#ended = this.#write();
  }

  async #write(): Promise<void> {
    const client = await this.#database.connect();
    for (let round = 1; !this.#stopped.signal.aborted; round++) {
      if (this.isReshaping && round % 15 === 0) {
        await client.query(`ALTER TABLE entry RENAME COLUMN s${this.shape} TO s${this.shape + 1}`);
        this.shape++;
      }
      const rows = Array.from({ length: 1 + (round % 9) }, (_, i) => this.written + 1 + i);
      const [first, ...others] = rows.map((id) => `(${id}, ${this.shape}, 0)`);
      const insert = (values: readonly (string | undefined)[]): string =>
        values.length === 0 ? '' : `INSERT INTO entry VALUES ${values.join(',')};`;
      await client.query(
        `BEGIN; ${insert([first])} ${insert(others)}
         UPDATE entry SET version = version + 1, s${this.shape} = ${this.shape} WHERE id = 0;
         COMMIT`,
      );
      this.written += rows.length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }
}

/** Which server, and whether it has GTIDs. */
type Kind = 'mysql' | 'mysql-plain' | 'mariadb';

const CLASSES = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
};

async function placeOf(name: string, kind: Kind): Promise<Place<MysqlDatabase> & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const off = { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF' };
  const settings = kind === 'mysql-plain' ? off : {};
  const server = opened.use(await startServer(kind === 'mariadb' ? '11.4' : '9.7', { settings }));
  const database = opened.use(await createMysqlDatabase(server));
  await database.query(`CREATE TABLE entry (id BIGINT PRIMARY KEY, s0 INT, version INT);
                        INSERT INTO entry VALUES (0, 0, 0)`);
  const config = {
    'connector.class': CLASSES[database.flavor],
    'database.server.id': '5701',
    'database.ssl.mode': database.flavor === 'mysql' ? 'preferred' : 'disable',
    'table.include.list': `${database.name}.entry`,
    'schema.history.internal.kafka.bootstrap.servers': servers.broker.bootstrapServers,
    'schema.history.internal.kafka.topic': `history-of-${name}`,
    'schema.history.internal.kafka.recovery.poll.interval.ms': '20',
  };
  const topic = `${name}.${database.name}.entry`;
  return await openPlace(
    { servers, name, topic, database, config, streamingKey: 'server_id' },
    opened,
  );
}

interface Entry {
  readonly id: number;
  readonly version: number;
  /** By the name of the column, and by the value in it. */
  readonly shape: string;
  /** One text for each place in the binlog. */
  readonly at: string;
}

function entryOf({ value }: ReadRecord): Entry {
  const { after, source } = JSON.parse(String(value)) as {
    readonly after: Readonly<Record<string, number>>;
    readonly source: { readonly file: string; readonly pos: number; readonly row: number };
  };
  const { id = -1, version = -1, ...others } = after;
  const shape = Object.entries(others).map(([name, held]) => `${name}=s${held}`);
  return { id, version, shape: shape.join(), at: `${source.file}:${source.pos}:${source.row}` };
}

/** Debezium, Tidemark, Debezium, while rows are written and the table's shape changes. */
async function handOver(place: Place<MysqlDatabase>, hands: Hands): Promise<readonly Entry[]> {
  const { name, topic, database, config } = place;
  const { bootstrapServers } = servers.broker;
  await withTopic(place);
  await using writer = new Writer(database);
  const untilMoreRows = async (more = 200): Promise<void> => {
    const id = writer.written + more;
    await readTopic(bootstrapServers, topic, (read) => {
      const newest = read.at(-1);
      return newest !== undefined && entryOf(newest).id > id;
    });
  };
  await servers.connect.put(name, config);
  await untilMoreRows(0);
  writer.isReshaping = true;
  await untilMoreRows();
  const source = await hands.debeziumEnds(place);
  // The shape at Debezium's place is not the server's any more.
  const left = writer.shape;
  await vi.waitFor(() => expect(writer.shape).toBeGreaterThan(left + 1), { timeout: 45_000 });
  await importFrom(source, place);
  if (hands === STOPPED) {
    // Into a log of our own the history is copied.
    const own = path.join(place.folder.path, 'own.yaml');
    const copied = await ask(['import', 'debezium', source, '--connector', name, '-o', own], place);
    expect(copied).toMatchObject({ adoption: 'adopted', errors: [] });
  }
  const handover = await standInForDebezium(place, hands, untilMoreRows);
  const history = { 'schema.history.internal.kafka.topic': `history-of-${name}` };
  expect(handover).toMatchObject({ config: history });
  await hands.debeziumGoesOn(place);
  await untilMoreRows();
  await writer[Symbol.asyncDispose]();
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const records = await readTopic(bootstrapServers, topic, (read) => {
    const newest = read.at(-1);
    return newest !== undefined && entryOf(newest).version === last?.version;
  });
  const entries = records.map(entryOf);
  expect(new Set(entries.map(({ id }) => id)).size, 'every row is there').toBe(writer.written + 1);
  return entries;
}

test.each([
  ['MySQL, in order', 'order', STOPPED, 'mysql'],
  ['MySQL, killed', 'kill', KILLED, 'mysql'],
  ['MySQL without GTIDs, in order', 'plain', STOPPED, 'mysql-plain'],
  // Not killed without GTIDs: Debezium then tells statements apart by seconds alone.
  ['MariaDB, in order', 'maria', STOPPED, 'mariadb'],
  ['MariaDB, killed', 'mariakill', KILLED, 'mariadb'],
] as const)(
  'from Debezium to Tidemark and back, under load: %s',
  async (_how, name, hands, kind) => {
    await using place = await placeOf(name, kind);
    const entries = await handOver(place, hands);

    const wrong = entries.filter(({ shape }) => !/^(s\d+)=\1$/.test(shape));
    expect(wrong, 'every row in the shape that it was written in').toEqual([]);
    const versions = new Set(entries.filter(({ id }) => id === 0).map(({ version }) => version));
    const [earliest = 0] = versions;
    const expected = Array.from({ length: versions.size }, (_, i) => earliest + i);
    expect([...versions], 'no version of a key is missing or late').toEqual(expected);
    // What comes again is what was behind a stored offset: nothing that was in the snapshot.
    const places = entries.map(({ at, id, version }) => `${at} ${id} ${version}`);
    const repeated = places.length - new Set(places).size;
    expect(repeated).toBeLessThan(hands === STOPPED ? 30 : entries.length);
  },
);
