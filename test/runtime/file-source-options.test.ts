import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { fileSourceOptionsOf, fileTopics } from '../../src/runtime/file-source-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function configOf(source: Record<string, unknown>, sink: Record<string, unknown> = {}) {
  const sinks = [{ name: 'out', 'connector.class': 'file', ...sink }];
  const document = { name: 'l', source: { 'connector.class': 'file', ...source }, sinks };
  return parsePipeline(JSON.stringify(document), '/etc/tidemark/l.yaml', {});
}

test('a path is relative to the pipeline file, its name stays what the offset has', () => {
  expect(fileSourceOptionsOf(configOf({ file: 'in/a.txt', topic: 't' }))).toEqual({
    name: 'in/a.txt',
    path: '/etc/tidemark/in/a.txt',
    format: 'json',
    topic: 't',
    batchLines: 2000,
    pollIntervalMs: 200,
    invalidText: 'fail',
  });
  expect(fileSourceOptionsOf(configOf({}))).toMatchObject({ name: null, path: '', topic: null });
  expect(fileSourceOptionsOf(parsedPipeline())).toBeNull();
});

test('a sink reads the topic of the file, or all that its lines name', () => {
  const topicsOf = (source: Record<string, unknown>, sink: Record<string, unknown> = {}) => {
    const config = configOf(source, sink);
    const [first] = config.sinks;
    if (first === undefined) throw new Error('there is one sink');
    return fileTopics(first.options, config.source.options);
  };
  expect(topicsOf({ topic: 't' })).toEqual(['t']);
  expect(topicsOf({ topic: 't' }, { topics: 'a,b' })).toEqual(['a', 'b']);
  expect(topicsOf({ topic: 't' }, { 'topics.regex': 'a.*' })).toBeInstanceOf(RegExp);
  const any = topicsOf({}) as RegExp;
  expect(['t', '__tidemark.held.t'].map((topic) => any.test(topic))).toEqual([true, false]);
});
