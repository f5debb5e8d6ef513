import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { sinkOpening, type SinkOpening } from '../../src/runtime/open-sink.ts';
import { FileSink } from '../../src/sink/file/file-sink.ts';
import { StandardOutputSink } from '../../src/sink/file/standard-output-sink.ts';
import { SearchSink } from '../../src/sink/search/search-sink.ts';
import { ParallelSink } from '../../src/sink/sql/parallel-sink.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function openingOf(more: Record<string, unknown>): SinkOpening {
  const config = parsedPipeline({ sinks: [{ name: 'one', ...more }] });
  const [sink] = config.sinks;
  if (sink === undefined) throw new Error('there is one sink');
  return sinkOpening(config, sink, { clock: systemClock, logger: silentLogger() });
}

test('the class decides what is opened, and whether it takes more than rows', () => {
  const file = openingOf({ 'connector.class': 'file', file: '/a' });
  expect(file.takesWhole).toBe(true);
  expect(file.openTask()).toBeInstanceOf(FileSink);
  const output = openingOf({ 'connector.class': 'FileStreamSink' });
  expect(output.openTask()).toBeInstanceOf(StandardOutputSink);
  const sql = openingOf({ 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' });
  expect(sql.takesWhole).toBe(false);
  expect(sql.openTask()).not.toBeInstanceOf(FileSink);
});

test('a search sink comes with its modules, which others do not load', async () => {
  const url = 'http://127.0.0.1:9200';
  const opening = openingOf({ 'connector.class': 'elasticsearch', 'connection.url': url });
  expect(opening.takesWhole).toBe(false);
  expect(await opening.openTask()).toBeInstanceOf(SearchSink);
});

test('tasks.max of a SQL sink is how many tables it writes at once; a file has one writer', () => {
  const opened = (url: string, tasks: number) =>
    openingOf({ 'connector.class': 'jdbc', 'connection.url': url, 'tasks.max': tasks }).openTask();
  expect(opened('postgres://h/d', 3)).toBeInstanceOf(ParallelSink);
  expect(opened('postgres://h/d', 1)).not.toBeInstanceOf(ParallelSink);
  expect(opened('sqlite:/tmp/a.db', 3)).not.toBeInstanceOf(ParallelSink);
  expect(opened('duckdb:/tmp/a.db', 3)).not.toBeInstanceOf(ParallelSink);
});
