import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { sinkOpening, type SinkOpening } from '../../src/runtime/open-sink.ts';
import { FileSink } from '../../src/sink/file/file-sink.ts';
import { StandardOutputSink } from '../../src/sink/file/standard-output-sink.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function openingOf(more: Record<string, unknown>): SinkOpening {
  const config = parsedPipeline({ sinks: [{ name: 'one', ...more }] });
  const [sink] = config.sinks;
  if (sink === undefined) throw new Error('there is one sink');
  return sinkOpening(config, sink, systemClock, silentLogger());
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
