import type { SchemaChangesConfig } from '../../src/config/schema-section.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { lsn } from '../../src/model/lsn.ts';
import type { SourceOffset, TruncateChange } from '../../src/model/change-event.ts';
import type { ConnectRecord } from '../../src/model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { isStruct } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { GateRelease } from '../../src/runtime/gate-release.ts';
import { GateReplay } from '../../src/runtime/gate-replay.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { RecordSink } from '../../src/runtime/record-sink.ts';
import type { ShapeJudge } from '../../src/runtime/schema-alerts.ts';
import { TableGates } from '../../src/runtime/table-gates.ts';
import { postgresPlaces } from '../../src/source/postgres/stream/postgres-places.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';
import { FakeClock } from './fake-clock.ts';
import { rowChange } from './keyed-table.ts';

/** What a source tells, in order: a row in the shape that its table has then, or a truncate. */
export interface GateEvent {
  readonly table: TableSchema;
  /** Absent: the table is truncated. */
  readonly row?: readonly ConnectValue[];
}

export const GATED = 'public.t';
export const GATED_TOPIC = 'shop.public.t';

/** A record of a row; null: that of a truncate. */
export function gateRecord(table: TableSchema, row: readonly ConnectValue[] | null): ConnectRecord {
  const { topic, key, row: rowSchema, envelope } = tableRecordSchemas(table, OPTIONS);
  const struct = (schema: ConnectSchema, values: readonly ConnectValue[]): Struct => ({
    schema,
    values,
  });
  const values = (envelope.fields ?? []).map(({ name, schema }) => {
    if (name === 'after') return row === null ? null : struct(rowSchema, row);
    if (name === 'op') return row === null ? 't' : 'c';
    return name === 'source'
      ? struct(
          schema,
          (schema.fields ?? []).map((field) => blank(field.schema)),
        )
      : null;
  });
  const keys = table.keyColumns.map((index) => row?.[index] ?? null);
  const given = key === null || row === null ? null : struct(key, keys);
  return {
    topic,
    key: { schema: given?.schema ?? null, value: given },
    value: { schema: envelope, value: struct(envelope, values) },
    headers: [],
    timestampMs: null,
  };
}

function blank({ optional, type }: ConnectSchema): ConnectValue {
  if (optional) return null;
  return type === 'string' ? '' : type === 'int64' ? 0n : 0;
}

/** A life of a source task, as far as gates see it; the log outlives it. */
export class GateLife {
  readonly clock = new FakeClock();
  readonly gates: TableGates;
  readonly release: GateRelease;
  readonly #transport: Transport;
  #batch = new RecordBatch();
  #frozen = false;
  #told: TableSchema | null = null;
  /** Of the next event. */
  at = 0;

  constructor(transport: Transport, config: SchemaChangesConfig, judge?: ShapeJudge) {
    this.#transport = transport;
    const inner: RecordSink = {
      write: ({ value }, output) => {
        output.start(this.#handle, 1);
        output.endKey(false);
        output.writer.raw(Buffer.from(JSON.stringify(rowOf(value.value))));
        output.endValue(true);
        output.end();
        return 1;
      },
    };
    this.gates = new TableGates({
      pipeline: 'p',
      config,
      documents: transport.documents,
      transport,
      envelope: OPTIONS,
      judge: judge ?? { judge: () => Promise.reject(new Error('nobody is asked')) },
      topicOf: (table) => tableRecordSchemas(table, OPTIONS).topic,
      inner,
      places: postgresPlaces,
      clock: this.clock,
      logger: silentLogger(),
      fault: noFaults,
    });
    this.release = new GateRelease(this.gates, new GateReplay(this.gates));
  }

  #handle = 0;

  async begin(): Promise<this> {
    this.#handle = await this.#transport.openTopic(GATED_TOPIC);
    const text = await this.#transport.loadOffset('o');
    const offset =
      text === null ? null : { partition: {}, offset: JSON.parse(text) as SourceOffset['offset'] };
    this.at = Number(offset?.offset['at'] ?? 0);
    await this.gates.prepare(offset);
    const none = { partition: {}, offset: {} };
    this.gates.place = { ofChange: () => none, ofEvent: () => none };
    this.release.begin(
      () => undefined,
      () => null,
    );
    return this;
  }

  /** Hands over what the source tells up to an event. */
  async play(events: readonly GateEvent[], until = events.length): Promise<void> {
    for (; this.at < until; this.at++) {
      const event = events[this.at];
      if (event === undefined) return;
      const { table, row } = event;
      if (table !== this.#told) {
        const change = { table, previous: this.#told, position: `0/${this.at}` };
        await this.gates.changed(change, () => this.#batch);
        this.#told = table;
      }
      if (row === undefined) this.gates.truncated(truncateOf(table, this.at));
      const record = gateRecord(table, row ?? null);
      const sink = this.gates.isClosed(GATED) ? this.gates.writerOf(GATED) : this.gates.parts.inner;
      sink.write(record, this.#batch, 1);
      await this.gates.settled();
    }
  }

  async flush(): Promise<void> {
    if (this.#frozen) throw new Error('an offset would be stored while it is frozen');
    const offset = { at: this.at, ...this.gates.offset() };
    await this.#transport.append(this.#batch, [{ key: 'o', value: JSON.stringify(offset) }]);
    this.#batch.clear();
    this.gates.durable({ partition: {}, offset });
  }

  /**
   * As behind a chunk, as long as there is something to do; `flushes`: then it crashes. `comes`:
   * between two turns, as from a source that never rests.
   */
  async settle(flushes = Number.POSITIVE_INFINITY, comes?: () => Promise<void>): Promise<void> {
    let left = flushes;
    while (this.release.isDue) {
      await this.release.release(
        {
          output: () => this.#batch,
          drain: () => Promise.resolve(),
          settle: () => undefined,
          flush: () => (left-- > 0 ? this.flush() : Promise.reject(new Error('crash'))),
          freeze: (frozen) => {
            this.#frozen = frozen;
          },
          empty: async (topic) => {
            const value = JSON.stringify({ at: this.at, ...this.gates.offset() });
            await this.#transport.beginGeneration([topic], [{ key: 'o', value }]);
          },
          opened: () => Promise.resolve(),
          wake: () => undefined,
        },
        new AbortController().signal,
      );
      await comes?.();
    }
  }
}

function rowOf(value: ConnectValue): unknown {
  const after = value !== null && isStruct(value) ? (value.values[1] ?? null) : null;
  if (after === null || !isStruct(after)) return 'truncate';
  const fields = after.schema.fields ?? [];
  return Object.fromEntries(
    fields.map(({ name }, i) => [name, String(plainValue(after.values[i] ?? null))]),
  );
}

function truncateOf(table: TableSchema, at: number): TruncateChange {
  const {
    op: _,
    before: __,
    after: ___,
    beforeIsKeyOnly: ____,
    ...origin
  } = rowChange(table, 'c', null, null);
  return { ...origin, lsn: lsn(BigInt(at)), table };
}

/** The rows of the table's topic, oldest first. */
export async function gatedRows(transport: Transport): Promise<readonly unknown[]> {
  await using consumer = await transport.consumer({
    group: 'x',
    topics: [GATED_TOPIC],
    register: false,
  });
  const rows: unknown[] = [];
  const { signal } = new AbortController();
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 1_000_000, maxWaitMs: 0, signal });
    if (fetched.length === 0) return rows;
    for (const { value } of fetched.flatMap(({ records }) => records)) {
      rows.push(JSON.parse(String(value)));
    }
  }
}
