import { TidemarkError } from '../../src/foundation/errors.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import { SQL_SINK_DEFAULTS } from '../../src/sink/sql/sql-sink-options.ts';
import { never, put } from './sink-harness.ts';
import { column, SinkTopic } from './sink-records.ts';

/*
 * A process with a sink into a SQLite or DuckDB file, for tests that kill it or take its disk away.
 * Told how many records there are, it applies those that the file does not have yet, a batch at a
 * time, and says how each attempt went.
 */

/** What the process is told. */
export interface ChildOrder {
  readonly records: number;
  readonly batch: number;
}

/** What it says: `started`, `done`, or the code of an error. */
export type ChildWord = string;

const [connectionUrl = '', lockTimeoutMs = ''] = process.argv.slice(2);
const text = column('text', 'text', { type: 'string' });
const topic = new SinkTopic({
  table: 'log',
  columns: [column('n', 'integer', { type: 'int32' }), text],
  key: [],
});
const sink = createSqlSink({
  ...SQL_SINK_DEFAULTS,
  name: 'child',
  connectionUrl,
  tableNameFormat: '${source.table}',
  defaultSchema: 'main',
  offsetsSchema: 'main',
  lockTimeoutMs: Number(lockTimeoutMs),
});

async function wordOf(work: () => Promise<unknown>, done: string): Promise<ChildWord> {
  try {
    await work();
    return done;
  } catch (error) {
    return error instanceof TidemarkError ? `${error.code}: ${error.message}` : String(error);
  }
}

const records: ReturnType<SinkTopic['insert']>[] = [];
process.on('message', ({ records: wanted, batch }: ChildOrder) => {
  for (let n = records.length; n < wanted; n++) {
    records.push(topic.insert({ n, text: `row ${n} `.repeat(10) }));
  }
  const apply = async (): Promise<void> => {
    for (let from = 0; from < wanted; from += batch) {
      await put(sink, records.slice(from, Math.min(from + batch, wanted)));
    }
  };
  void wordOf(apply, 'done').then((word) => process.send?.(word));
});
process.once('disconnect', () => {
  process.exit();
});
process.send?.(await wordOf(() => sink.start(never), 'started'));
