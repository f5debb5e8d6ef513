import { describe, expect, test } from 'vitest';
import { isFileSinkClass } from '../../src/config/file-sink-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const JAVA = 'org.apache.kafka.connect.file.FileStreamSinkConnector';

function formatOf(connectorClass: string, more: Record<string, unknown> = {}): string | undefined {
  const sink = { name: 'lines', 'connector.class': connectorClass, file: 'a.jsonl', ...more };
  return parsedPipeline({ sinks: [sink] }).sinks[0]?.options.string('format');
}

test("our class writes JSON, Connect's the text of the original", () => {
  expect(formatOf('file')).toBe('json');
  expect(formatOf('file', { format: 'value' })).toBe('value');
  expect([JAVA, 'FileStreamSink', 'FileStreamSinkConnector'].map((name) => formatOf(name))).toEqual(
    ['text', 'text', 'text'],
  );
  expect(formatOf(JAVA, { format: 'json' })).toBe('json');
});

test('what Connect posts with it is taken', () => {
  const more = { topics: 'a,b', 'tasks.max': '1', 'key.converter': 'x', 'value.converter': 'y' };
  expect(formatOf(JAVA, more)).toBe('text');
});

describe('refused', () => {
  test.each([
    [{ format: 'csv' }, 'format'],
    [{ topics: 'a', 'topics.regex': 'b' }, 'topics and topics.regex exclude each other'],
    [{ 'errors.tolerance': 'all' }, 'errors.tolerance'],
  ])('%j', (more, message) => {
    expect(() => formatOf('file', more)).toThrow(message);
  });
});

test('only these classes write files', () => {
  expect(['file', JAVA, 'jdbc', 'postgres'].map(isFileSinkClass)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
