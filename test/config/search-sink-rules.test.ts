import { expect, test } from 'vitest';
import { isDataStream, topicPairs } from '../../src/config/search-sink-rules.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function parse(more: Record<string, unknown>) {
  const url = { 'connection.url': 'http://localhost:9200' };
  return parsedPipeline({
    sinks: [{ name: 'find', 'connector.class': 'elasticsearch', ...url, ...more }],
  });
}

test.each([
  [{ 'index.name.format': '${tabel}' }, 'a placeholder that there is not: tabel'],
  [{ 'index.name.format': 'x-${timestamp.yyyy}' }, 'only with key.ignore'],
  [{ 'topic.index.map': 'a' }, 'pairs of topic:name'],
  [{ 'external.resource.usage': 'INDEX' }, 'belong together'],
  [{ 'data.stream.type': 'LOGS' }, 'data.stream.dataset is required'],
  [{ 'write.method': 'upsert', 'delete.mode': 'soft' }, 'cannot delete softly'],
  [{ 'write.method': 'upsert', 'key.ignore': 'true' }, 'needs keys'],
  [{ 'delete.mode': 'soft', 'delete.enabled': 'false' }, 'soft needs delete.enabled'],
  [{ 'routing.type': 'value' }, 'belong together'],
  [{ topics: 'a', 'topics.regex': 'b' }, 'exclude each other'],
  [{ 'schema.evolution.policy': 'hold', 'errors.park': 'task' }, 'choose one'],
  [{ 'errors.park': 'record' }, 'errors.tolerance all'],
  [{ 'errors.park': 'key', 'key.ignore': 'true' }, 'documents of their own'],
  [{ 'errors.park': 'key', 'topic.key.ignore': 'a' }, 'documents of their own'],
  [{ 'reindex.keep.replaced': 'true' }, 'needs schema.evolution.policy reindex'],
])('%j is refused', (more, message) => {
  expect(() => parse(more)).toThrow(message);
});

test.each([
  [{ 'key.ignore': 'true' }, 'every record is a document'],
  [{ 'topic.key.ignore': 'a' }, 'topics without'],
  [{ 'write.method': 'upsert' }, 'upsert has none'],
  [{ 'document.version': 'offset' }, 'needs document.version position'],
  [{ 'external.version.header': 'v' }, 'needs document.version position'],
  [{ 'index.name.format': '${source.table}' }, 'an index for each topic'],
  [{ 'create.indices': 'false' }, 'needs create.indices'],
  [{ 'delete.mode': 'soft' }, 'soft keeps more'],
  [{ 'errors.park': 'task' }, 'choose one'],
])('reindex with %j is refused', (more, message) => {
  expect(() => parse({ 'schema.evolution.policy': 'reindex', ...more })).toThrow(message);
});

test('pairs are parted at their last colon, and data streams are known', () => {
  expect([...topicPairs(['a:b', 'c:d:e', 'f', ':g'])]).toEqual([
    ['a', 'b'],
    ['c:d', 'e'],
  ]);
  const more = { 'data.stream.type': 'LOGS', 'data.stream.dataset': 'shop' };
  const [stream] = parse(more).sinks;
  const [plain] = parse({}).sinks;
  expect([stream, plain].map((sink) => sink && isDataStream(sink.options))).toEqual([true, false]);
});
