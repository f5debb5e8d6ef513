import { expect, test } from 'vitest';
import { isFileSourceClass } from '../../src/config/file-source-options.ts';
import type { ResolvedOptions } from '../../src/config/option.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';

const JAVA = 'org.apache.kafka.connect.file.FileStreamSourceConnector';

function optionsOf(source: Record<string, unknown>): ResolvedOptions {
  const text = JSON.stringify({ name: 'lines', source: { topic: 't', ...source } });
  return parsePipeline(text, '/p.yaml', {}).source.options;
}

test("our class reads JSON strictly, Connect's text as the original does", () => {
  const ours = optionsOf({ 'connector.class': 'file' });
  expect(['format', 'invalid.text', 'value.converter'].map((name) => ours.string(name))).toEqual([
    'json',
    'fail',
    'json',
  ]);
  for (const name of [JAVA, 'FileStreamSource', 'FileStreamSourceConnector']) {
    const theirs = optionsOf({ 'connector.class': name });
    expect([theirs.string('format'), theirs.string('invalid.text')]).toEqual(['text', 'replace']);
    expect([theirs.number('batch.size'), theirs.number('poll.interval.ms')]).toEqual([2000, 1000]);
  }
});

test("a connector as it is posted to Connect, or a standalone worker's properties file", () => {
  const config = { 'connector.class': 'FileStreamSource', 'tasks.max': '1', file: 'a', topic: 'c' };
  const posted = parsePipeline(JSON.stringify({ name: 'l', config }), '/l.json', {});
  expect(posted.source.options.string('topic')).toBe('c');
  const lines = ['name=l', ...Object.entries(config).map(([name, value]) => `${name}=${value}`)];
  const file = parsePipeline(lines.join('\n'), '/l.properties', {});
  expect([file.name, file.source.options.string('file')]).toEqual(['l', 'a']);
});

test.each([
  [{ 'connector.class': 'file', format: 'text', topic: undefined }, /topic is required where/],
  [{ 'connector.class': JAVA, topic: undefined }, /topic is required where format is text/],
  [{ 'connector.class': 'file', topic: 'a b' }, /topic may have only/],
  [{ 'connector.class': 'file', 'batch.size': 0 }, /batch.size/],
  [{ 'connector.class': 'file', 'errors.tolerance': 'some' }, /errors.tolerance/],
])('%j is refused', (source, message) => {
  expect(() => optionsOf(source)).toThrow(message);
});

test('only these classes read files', () => {
  expect(['file', JAVA, 'postgres'].map(isFileSourceClass)).toEqual([true, true, false]);
});
