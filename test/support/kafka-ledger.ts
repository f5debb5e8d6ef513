import { readFile, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { expect } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import type { Converter } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { ConfluentRegistry } from '../../src/converter/registry/confluent-registry.ts';
import { isStruct, type Struct } from '../../src/model/connect-schema.ts';
import { type DaemonPipeline, freeLoopbackPort } from './daemon-pipeline.ts';
import { freshPrefix } from './kafka.ts';
import { CommittedLog } from './kafka-committed-log.ts';
import { expectedRecords, type LedgerRecord } from './ledger-load.ts';
import { describe, field } from './ledger-log.ts';
import { ledgerPipeline } from './ledger-pipeline.ts';
import { registrySettingsFor } from './registry-settings.ts';

type Table = 'account' | 'movement';

/** The ledger's pipeline over Kafka, and what it is called there. */
export interface KafkaLedger extends DaemonPipeline {
  readonly name: string;
  readonly bootstrapServers: string;
  /** Address of the registry of its Avro records; null: they are JSON. */
  readonly registry: string | null;
}

/** What a ledger on Kafka has otherwise; properties as they stand in the file. */
export interface KafkaLedgerOptions {
  readonly bootstrapServers: string;
  readonly registry?: string;
  readonly transport?: Readonly<Record<string, string | number>>;
  readonly source?: Readonly<Record<string, string | number | boolean>>;
}

/** Its topics, storage topics and groups have names that no other test uses. */
export async function kafkaLedger(options: KafkaLedgerOptions): Promise<KafkaLedger> {
  const { bootstrapServers, registry = null } = options;
  const name = freshPrefix();
  const transport = {
    type: 'kafka',
    'bootstrap.servers': bootstrapServers,
    'offset.storage.topic': `${name}-offsets`,
    'state.storage.topic': `${name}-state`,
    'group.id': name,
    'metadata.max.age.ms': 1000,
    ...options.transport,
  };
  const source = {
    ...convertersOf(registry),
    'slot.name': name.replaceAll('-', '_'),
    'topic.creation.default.partitions': 3,
    'topic.creation.default.replication.factor': -1,
    ...options.source,
  };
  const pipeline = await ledgerPipeline({
    name,
    transport: JSON.stringify(transport),
    extraSource: Object.entries(source)
      .map(([property, value]) => `  ${property}: ${value}`)
      .join('\n'),
    extraSink: [
      `    consumer.override.group.id: ${name}-warehouse`,
      '    consumer.override.session.timeout.ms: 3s',
      '    consumer.override.heartbeat.interval.ms: 500ms',
    ].join('\n'),
  });
  // A key that moves to another partition must not leave values behind: the sink could not tell
  // which of the two comes first.
  const client = await pipeline.connect('source');
  await client.query('ALTER TABLE account REPLICA IDENTITY FULL');
  return { ...pipeline, name, bootstrapServers, registry };
}

function convertersOf(registry: string | null): Readonly<Record<string, string>> {
  if (registry === null) return { 'key.converter': 'json', 'value.converter': 'json' };
  return {
    'key.converter': 'avro',
    'key.converter.schema.registry.url': registry,
    'key.converter.http.read.timeout.ms': '2000',
    'value.converter': 'avro',
    'value.converter.schema.registry.url': registry,
    'value.converter.http.read.timeout.ms': '2000',
  };
}

/** The same pipeline once more, for a second daemon beside the first. */
export async function beside(
  ledger: KafkaLedger,
): Promise<{ readonly file: string; readonly port: number }> {
  const port = await freeLoopbackPort();
  const file = ledger.file.replace('.yaml', '-2.yaml');
  const text = await readFile(ledger.file, 'utf8');
  await writeFile(file, text.replace(`127.0.0.1:${ledger.port}`, `127.0.0.1:${port}`));
  return { file, port };
}

/** Time under load, told by the database's own clock. */
export async function pass(ledger: DaemonPipeline, ms: number): Promise<void> {
  const client = await ledger.connect('source');
  await client.query('SELECT pg_sleep($1)', [ms / 1000]);
  // A hundred kills would use up what the server takes.
  await client.end();
}

/** A record of a topic, and the transaction of the source that made it; null of a tombstone. */
export interface LedgerEntry {
  readonly record: LedgerRecord;
  readonly txId: number | null;
}

/** Reads the topics of a ledger as committed consumers have them, again and again. */
export class LedgerReader implements AsyncDisposable {
  readonly #ledger: KafkaLedger;
  readonly #log: CommittedLog;
  /** By topic and partition; what was decoded stays. */
  readonly #entries = new Map<string, LedgerEntry[]>();
  readonly #key: Converter;
  readonly #value: Converter;

  constructor(ledger: KafkaLedger) {
    this.#ledger = ledger;
    // One each: a converter remembers the schema that a topic had last.
    this.#key = converterOf(ledger, true);
    this.#value = converterOf(ledger, false);
    this.#log = new CommittedLog(ledger.bootstrapServers);
  }

  /** All entries of a table's topic by partition, up to the last stable offset of now. */
  async read(table: Table): Promise<readonly (readonly LedgerEntry[])[]> {
    const topic = `${this.#ledger.name}.public.${table}`;
    const partitions = await this.#log.read(topic);
    const read: LedgerEntry[][] = [];
    for (const [partition, records] of partitions.entries()) {
      const place = `${topic}-${partition}`;
      const entries = this.#entries.get(place) ?? [];
      this.#entries.set(place, entries);
      for (const record of records.slice(entries.length)) {
        const key = await this.#key.toConnect(topic, record.key);
        entries.push(entryOf(table, key, await this.#value.toConnect(topic, record.value)));
      }
      read.push(entries);
    }
    return read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }
}

function converterOf({ registry }: KafkaLedger, isKey: boolean): Converter {
  if (registry === null) return new JsonConverter();
  return new AvroConverter(new ConfluentRegistry(registrySettingsFor(registry)), { isKey });
}

function entryOf(table: Table, key: Struct | null, value: Struct | null): LedgerEntry {
  const source = value === null ? null : field(value, 'source');
  const txId = source !== null && isStruct(source) ? Number(field(source, 'txId')) : null;
  return { record: describe(table, key, value), txId };
}

/**
 * From now on the target notes each write of a movement; the answer tells, when asked, how often
 * each operation was written. A sink may take several records of one key together, but none twice.
 */
export async function auditMovements(
  ledger: KafkaLedger,
): Promise<() => Promise<ReadonlyMap<string, number>>> {
  const warehouse = await ledger.connect('warehouse');
  await warehouse.query(`
    CREATE TABLE audit (op bigint NOT NULL);
    CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO public.audit VALUES (NEW.op); RETURN NEW; END';
    CREATE TRIGGER note_write AFTER INSERT OR UPDATE ON movement
      FOR EACH ROW EXECUTE FUNCTION note_write();`);
  return async () => {
    const { rows } = await warehouse.query<{ op: string; n: number }>(
      'SELECT op, count(*)::int AS n FROM audit GROUP BY op',
    );
    return new Map(rows.map(({ op, n }) => [op, n]));
  };
}

/** What of a log is not once. */
export interface Repeats {
  /** How often the log went back to an earlier record of its partition, and went on from there. */
  readonly rewinds: number;
  readonly records: number;
  /** Of `movement` in all its partitions: how often each operation stands there. */
  readonly occurrences: ReadonlyMap<string, number>;
}

/**
 * Every committed change of the source stands in its topic, each key in one partition, in order.
 * What comes again is a contiguous tail: a log may go back, but never leaves anything out. Rows of
 * a snapshot that was cut short replace changes, as in `expectWholeHistory`.
 */
export async function expectWholeTopics(ledger: KafkaLedger): Promise<Repeats> {
  await using reader = new LedgerReader(ledger);
  const source = await ledger.connect('source');
  const movements = await reader.read('movement');
  const first = await expectCompleteSnapshot(source, movements.flat());
  const expected = await expectedRecords(source, first);
  const repeats = { rewinds: 0, records: 0 };
  const tables = { movement: movements, account: await reader.read('account') };
  for (const [table, partitions] of Object.entries(tables)) {
    const ofTable = expected.filter((record) => record.startsWith(`${table} `));
    const places = placesOfKeys(partitions);
    for (const [partition, entries] of partitions.entries()) {
      const wanted = ofTable.filter((record) => (places.get(keyOf(record)) ?? 0) === partition);
      const found = expectTailsOnly(`${table}-${partition}`, entries, wanted);
      repeats.rewinds += found.rewinds;
      repeats.records += found.records;
    }
  }
  const occurrences = new Map<string, number>();
  for (const { record } of movements.flat()) {
    const op = keyOf(record);
    occurrences.set(op, (occurrences.get(op) ?? 0) + 1);
  }
  return { ...repeats, occurrences };
}

/** The first operation of the stream; all before it are in the snapshot. */
async function expectCompleteSnapshot(
  source: pg.Client,
  movements: readonly LedgerEntry[],
): Promise<number> {
  const isRead = ({ record }: LedgerEntry): boolean => record.startsWith('movement r ');
  const number = ({ record }: LedgerEntry): number => Number(keyOf(record));
  const streamed = movements.filter((entry) => !isRead(entry)).map(number);
  const { rows } = await source.query<{ n: number }>('SELECT max(op)::int + 1 AS n FROM movement');
  const first = streamed.reduce((a, b) => Math.min(a, b), rows[0]?.n ?? 1);
  const read = new Set(movements.filter(isRead).map(number));
  const missing = Array.from({ length: first - 1 }, (_, i) => i + 1).filter((op) => !read.has(op));
  expect(missing, 'no gap in the snapshot').toEqual([]);
  return first;
}

function placesOfKeys(partitions: readonly (readonly LedgerEntry[])[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [partition, entries] of partitions.entries()) {
    for (const { record } of entries) {
      const key = keyOf(record);
      const place = places.get(key) ?? partition;
      if (place !== partition) expect.fail(`${record} stands in ${partition}, before in ${place}`);
      places.set(key, place);
    }
  }
  return places;
}

function expectTailsOnly(
  place: string,
  entries: readonly LedgerEntry[],
  wanted: readonly LedgerRecord[],
): { rewinds: number; records: number } {
  const numbers = new Map(wanted.map((record, i) => [record, i]));
  const lastRead = entries.findLastIndex(({ record }) => record.split(' ')[1] === 'r');
  let at = -1;
  let rewinds = 0;
  let records = 0;
  for (const [index, { record }] of entries.entries()) {
    if (record.split(' ')[1] === 'r') continue;
    const number = numbers.get(record);
    if (number === undefined) expect.fail(`${place}: ${record} was never committed`);
    if (number <= at) {
      rewinds++;
      records += at - number + 1;
    } else if (!wanted.slice(at + 1, number).every((one) => isReread(one, index < lastRead))) {
      const around = entries.slice(Math.max(0, index - 3), index + 4).map((entry) => entry.record);
      const lost = wanted
        .slice(at + 1, number)
        .slice(0, 4)
        .join(' | ');
      expect.fail(`${place}: left out ${number - at - 1}: ${lost}\n  at: ${around.join(' | ')}`);
    }
    at = number;
  }
  if (at !== wanted.length - 1) {
    expect.fail(`${place}: ends at ${at} of ${wanted.length}: ${wanted[at + 1]} is missing`);
  }
  return { rewinds, records };
}

/** A change that was left out for a read of its row, which comes later (ruling 2). */
function isReread(record: string, readsFollow: boolean): boolean {
  return readsFollow && /^account [uc] \d+@/.test(record);
}

/** Of a record as text. */
function keyOf(record: LedgerRecord): string {
  return (record.split(' ')[2] ?? '').replace(/@.*/, '');
}
