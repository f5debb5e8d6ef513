import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { sinkErrorsOf } from '../../src/runtime/dead-letter-options.ts';
import type { LetterCommand } from '../../src/runtime/dead-letters.ts';
import { DeadLetterTopic } from '../../src/runtime/dead-letter-topic.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { sinkOpening } from '../../src/runtime/open-sink.ts';
import { decodeSinkRecords } from '../../src/runtime/sink-records.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import type { LogRecord } from '../../src/transport/transport.ts';
import { parsedPipeline } from './parsed-pipeline.ts';
import { never, put } from './sink-harness.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const ITEMS = 'shop.public.items';

/** A sink into a SQLite file that takes no `n` from 100 on, with the log of its dead letters. */
export interface LetterSink extends AsyncDisposable {
  readonly config: PipelineConfig;
  /** The pipeline file, for the command line. */
  readonly file: string;
  readonly command: LetterCommand;
  /** Puts `[id, n]` rows; a text stands for bytes that are no record. */
  feed(rows: readonly (readonly [id: number, n: number | string])[]): Promise<void>;
  /** What was in the way of large values is gone. */
  cure(): void;
  /** `1:1 2:2` */
  items(): string;
}

const STRUCT = { type: 'struct', optional: false };

/** A struct of numbers as the JSON converter reads it. */
export function jsonText(fields: Readonly<Record<string, number>>): Buffer {
  const schema = {
    ...STRUCT,
    fields: Object.keys(fields).map((field) => ({ field, type: 'int32', optional: false })),
  };
  return Buffer.from(JSON.stringify({ schema, payload: fields }));
}

export async function letterSink(
  properties: Readonly<Record<string, unknown>> = { 'errors.park': 'key' },
): Promise<LetterSink> {
  const folder = await temporaryFolder('letters');
  const database = path.join(folder.path, 'target.db');
  const file = path.join(folder.path, 'shop.yaml');
  const sections = {
    name: 'shop',
    transport: { type: 'embedded', path: path.join(folder.path, 'store') },
    source: { 'key.converter': 'json', 'value.converter': 'json' },
    sinks: [
      {
        name: 'w',
        'connector.class': 'sqlite',
        'connection.url': `sqlite:${database}`,
        'table.name.format': 'items',
        ...properties,
      },
    ],
  };
  const config = parsedPipeline(sections, file);
  const { source } = config;
  const values = Object.fromEntries(
    ['database.hostname', 'database.dbname', 'database.user', 'topic.prefix'].map((name) => [
      name,
      source.options.string(name),
    ]),
  );
  const written = { 'connector.class': 'postgres', ...values, ...sections.source };
  await writeFile(file, JSON.stringify({ ...sections, source: written }));
  run(database, 'CREATE TABLE items (id integer PRIMARY KEY, n integer)');
  for (const kind of ['INSERT', 'UPDATE']) {
    run(
      database,
      `CREATE TRIGGER small_${kind} BEFORE ${kind} ON items WHEN NEW.n >= 100
       BEGIN SELECT RAISE(ABORT, 'too large'); END`,
    );
  }
  // The log is there before there are letters.
  await (await openEmbeddedTransport({ path: config.storePath }))[Symbol.asyncDispose]();
  let offset = 0;
  return {
    config,
    file,
    command: { config, clock: systemClock, signal: never },
    async feed(rows) {
      const records = rows.map(([id, n]): LogRecord => {
        const value = typeof n === 'string' ? Buffer.from(n) : jsonText({ id, n });
        const place = { offset, sequence: offset, timestampMs: 1_000 + offset };
        offset++;
        return { ...place, key: jsonText({ id }), value, headers: [] };
      });
      await feedLetterSink(config, ITEMS, records);
    },
    cure() {
      for (const kind of ['INSERT', 'UPDATE']) run(database, `DROP TRIGGER small_${kind}`);
    },
    items: () =>
      run(database, 'SELECT id, n FROM items ORDER BY id')
        .map(({ id, n }) => `${String(id)}:${String(n)}`)
        .join(' '),
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** As one life of the daemon does it: each record is a put of its own. */
export async function feedLetterSink(
  config: PipelineConfig,
  topic: string,
  records: readonly LogRecord[],
): Promise<void> {
  const [sink] = config.sinks;
  if (sink === undefined) throw new Error('there is one sink');
  const letters = sinkErrorsOf(sink, config.source.options)?.letters;
  if (letters === undefined || letters === null) throw new Error('it has dead letters');
  await using transport = await openEmbeddedTransport({ path: config.storePath });
  const parts = { ...letters, transport, logger: silentLogger(), fault: noFaults };
  const { send } = new DeadLetterTopic(parts);
  const around = { clock: systemClock, logger: silentLogger(), send };
  await using task = await sinkOpening(config, sink, around).openTask();
  await task.start(never);
  const converter = new JsonConverter();
  const batch = { topic, partition: 0, generation: 1, records, nextOffset: 0, endOffset: 0 };
  const kept = { failures: true, bytes: true };
  const converters = { key: converter, value: converter };
  for (const record of await decodeSinkRecords([batch], converters, null, false, kept)) {
    await put(task, [record]);
  }
}

function run(file: string, sql: string): Record<string, unknown>[] {
  using database = new DatabaseSync(file, { timeout: 5_000 });
  return database.prepare(sql).all();
}
