import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import { POSITION_HEADER } from '../../src/model/change-position.ts';
import { isStruct, type ConnectValue, type Struct } from '../../src/model/connect-schema.ts';
import { joinConnectEntries } from '../../src/runtime/source-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import type { LedgerRecord } from './ledger-load.ts';

/** A record of a log, decoded. */
export interface StoredRecord {
  readonly topic: string;
  readonly key: Struct | null;
  readonly value: Struct | null;
  /** Its header; null: it has none. */
  readonly position: string | null;
}

/** Every record of some topics in the order of the log-wide sequence. */
export async function readStoredRecords(
  storePath: string,
  topics: RegExp,
): Promise<readonly StoredRecord[]> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  const registry = new EmbeddedRegistry(transport.documents);
  const converter = {
    key: new AvroConverter(registry, { isKey: true }),
    value: new AvroConverter(registry, { isKey: false }),
  };
  await using consumer = await transport.consumer({
    group: 'ledger-oracle',
    topics,
    register: false,
  });
  const found: { readonly sequence: number; readonly record: StoredRecord }[] = [];
  const signal = new AbortController().signal;
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    if (fetched.every((batch) => batch.records.length === 0)) break;
    for (const { topic, records } of fetched) {
      for (const record of records) {
        const key = await converter.key.toConnect(topic, record.key);
        const value = await converter.value.toConnect(topic, record.value);
        const header = record.headers.find(({ name }) => name === POSITION_HEADER);
        const position = header?.value?.toString('latin1') ?? null;
        found.push({ sequence: record.sequence, record: { topic, key, value, position } });
      }
    }
  }
  const sequences = found.map(({ sequence }) => sequence);
  if (new Set(sequences).size !== sequences.length) throw new Error('a sequence stands twice');
  return found.toSorted((a, b) => a.sequence - b.sequence).map(({ record }) => record);
}

/** The topics of the ledger. */
export const LEDGER_TOPICS = /^copy\.\w+\.(account|movement)$/;

/** Every record of the ledger's topics in the order of the log-wide sequence. */
export async function readLedgerLog(storePath: string): Promise<LedgerRecord[]> {
  return described(await readStoredRecords(storePath, LEDGER_TOPICS));
}

/** What records of the ledger say. */
export function described(records: readonly StoredRecord[]): LedgerRecord[] {
  return records.map(({ topic, key, value }) =>
    describe(topic.endsWith('.account') ? 'account' : 'movement', key, value),
  );
}

/** What the stored source offset says of the snapshot. */
export async function snapshotIsComplete(storePath: string): Promise<boolean> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  const [source] = joinConnectEntries(await transport.listOffsets());
  const offset = source?.offset ?? {};
  return offset['snapshot_completed'] === true || offset['snapshot'] === undefined;
}

/** What a decoded record says, as far as the oracle compares it. */
export function describe(
  table: 'account' | 'movement',
  key: Struct | null,
  value: Struct | null,
): LedgerRecord {
  const id = textOf(key?.values[0]);
  if (value === null) return `${table} tombstone ${id}`;
  const op = field(value, 'op') as 'r' | 'c' | 'u' | 'd';
  const after = field(value, 'after');
  if (table === 'movement' || op === 'd' || op === 'r') return `${table} ${op} ${id}`;
  if (after === null || !isStruct(after)) throw new Error(`no after in a record of ${id}`);
  return `${table} ${op} ${id}@${textOf(field(after, 'version'))}`;
}

/** Of a number; anything else is no id and no version. */
function textOf(value: ConnectValue | undefined): string {
  if (typeof value === 'number' || typeof value === 'bigint') return value.toString();
  throw new Error(`not a number: ${JSON.stringify(value)}`);
}

/** Fails where there is none of that name. */
export function field(struct: Struct, name: string): ConnectValue {
  const index = struct.schema.fields?.findIndex((candidate) => candidate.name === name) ?? -1;
  const value = struct.values[index];
  if (value === undefined) throw new Error(`no field ${name}`);
  return value;
}
