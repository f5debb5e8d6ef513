import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ToldChange } from '../../dialects/mysql/ddl/debezium-table-statement.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { Clock } from '../foundation/clock.ts';
import type { SchemaMemory, SchemaStatement } from '../model/change-event.ts';
import type {
  HistoryCheckpoint,
  SchemaHistoryLog,
} from '../source/mysql/history/schema-history.ts';
import type { ToldRecord } from '../source/mysql/history/told-history.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';
import { addHistoryRecord, historyRecords } from './history-topic.ts';

/** Where the history of a pipeline is kept. */
export interface SchemaHistoryParts {
  readonly transport: Transport;
  /** Of the pipeline. */
  readonly name: string;
  readonly topic: string;
  readonly topicPrefix: string;
  readonly clock: Clock;
}

const COLLECTION = 'schema-history';
/** A document is a record of a broker's topic, which takes a megabyte. */
const PART_CHARACTERS = 500_000;

/** `tidemark` is our own, if we wrote the record; the rest is as the original writes it. */
interface HistoryRecord {
  readonly tidemark?: { readonly epoch: string; readonly sequence: number; readonly state: string };
  readonly source?: { readonly server?: unknown };
  readonly position?: SchemaMemory['position'];
  readonly databaseName?: string | null;
  readonly ddl?: string | null;
  readonly tableChanges?: readonly ToldChange[] | null;
}

/**
 * The schema history: a topic of one partition that keeps everything, each statement in the form of
 * Debezium's, with what the source wants to know of it after a restart beside that; and a document
 * with the whole catalog now and then, so that a restart reads only what came after it.
 *
 * A statement goes out with the rows, in their order: it is durable before an offset that lies
 * behind it.
 */
export class SourceSchemaHistory implements SchemaHistoryLog {
  readonly #parts: SchemaHistoryParts;
  #handle: number | null = null;

  constructor(parts: SchemaHistoryParts) {
    this.#parts = parts;
  }

  /** Makes the topic; undefined when it is there already. */
  prepare(): Promise<void> | undefined {
    return this.#handle === null ? this.#open() : undefined;
  }

  async #open(): Promise<void> {
    const { transport, topic } = this.#parts;
    this.#handle = await transport.openTopic(topic, { partitions: 1 });
  }

  /** Writes one statement, if it is one to remember. */
  write(statement: SchemaStatement, batch: RecordBatch): void {
    const { memory, database, ddl, changes } = statement;
    if (memory === undefined) return;
    const { clock, topicPrefix } = this.#parts;
    const record = {
      source: { server: topicPrefix },
      position: memory.position,
      ts_ms: clock.nowMs(),
      databaseName: database,
      ddl,
      tableChanges: changes,
      tidemark: { epoch: memory.epoch, sequence: memory.sequence, state: memory.state },
    };
    if (this.#handle === null) throw new TidemarkError('INTERNAL', 'a history without its topic');
    addHistoryRecord(batch, this.#handle, JSON.stringify(record), clock.nowMs());
  }

  checkpoint(): HistoryCheckpoint | null {
    const { transport, name } = this.#parts;
    const first = transport.documents.get(COLLECTION, name);
    if (first === null) return null;
    const { parts } = JSON.parse(first) as { readonly parts: number };
    const texts = Array.from({ length: parts }, (_, index) =>
      transport.documents.get(COLLECTION, partKey(name, index)),
    );
    if (texts.includes(null)) return null;
    try {
      const packed = Buffer.from(texts.join(''), 'base64');
      return JSON.parse(zstdDecompressSync(packed).toString()) as HistoryCheckpoint;
    } catch {
      // Only a way to be faster: the topic has it all.
      return null;
    }
  }

  async saveCheckpoint(make: () => Omit<HistoryCheckpoint, 'from'> | null): Promise<boolean> {
    const { transport, name, topic } = this.#parts;
    const description = await transport.describeTopic(topic);
    // Asked after the end: a statement that came meanwhile would be behind it, and lost.
    const checkpoint = make();
    const from = description?.partitions[0]?.endOffset ?? 0;
    if (checkpoint === null) return false;
    const text = zstdCompressSync(JSON.stringify({ ...checkpoint, from })).toString('base64');
    const parts = Math.ceil(text.length / PART_CHARACTERS);
    const before = this.#partsOf(name);
    const writes = Array.from({ length: Math.max(parts, before) }, (_, index) => ({
      collection: COLLECTION,
      key: partKey(name, index),
      value:
        index < parts ? text.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS) : null,
    }));
    const head = { collection: COLLECTION, key: name, value: JSON.stringify({ parts }) };
    await transport.documents.write([...writes, head]);
    return true;
  }

  #partsOf(name: string): number {
    const head = this.#parts.transport.documents.get(COLLECTION, name);
    return head === null ? 0 : (JSON.parse(head) as { readonly parts: number }).parts;
  }

  async *memories(epoch: string, from: number, signal: AbortSignal): AsyncGenerator<SchemaMemory> {
    for await (const value of this.#records(from, signal)) {
      const memory = memoryOf(value);
      if (memory?.epoch === epoch) yield memory;
    }
  }

  async *told(signal: AbortSignal): AsyncGenerator<ToldRecord> {
    const { topicPrefix } = this.#parts;
    for await (const value of this.#records(0, signal)) {
      const record = toldRecordOf(value, topicPrefix);
      if (record !== null) yield record;
    }
  }

  #records(from: number, signal: AbortSignal): AsyncIterable<Buffer> {
    const { transport, topic } = this.#parts;
    return historyRecords(transport, topic, from, signal);
  }
}

function partKey(name: string, index: number): string {
  return `${name}/${index}`;
}

/** Null: a record of somebody else. */
function memoryOf(value: Buffer): SchemaMemory | null {
  try {
    const { tidemark, position = {} } = JSON.parse(value.toString()) as HistoryRecord;
    return tidemark === undefined ? null : { ...tidemark, position };
  } catch {
    return null;
  }
}

/** Null: of another source, of which a topic may have several, or of somebody else. */
function toldRecordOf(value: Buffer, server: string): ToldRecord | null {
  try {
    const record = JSON.parse(value.toString()) as HistoryRecord;
    if (record.source?.server !== server) return null;
    const { position = {}, databaseName, ddl, tableChanges, tidemark } = record;
    return {
      position,
      database: databaseName ?? '',
      ddl: ddl ?? null,
      changes: tableChanges ?? [],
      memory: tidemark ?? null,
    };
  } catch {
    return null;
  }
}
