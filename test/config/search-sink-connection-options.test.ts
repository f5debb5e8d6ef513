import { expect, test } from 'vitest';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function parse(more: Record<string, unknown>): unknown {
  const url = { 'connection.url': 'http://a:9200,https://b:9200' };
  return parsedPipeline({
    sinks: [{ name: 'find', 'connector.class': 'elasticsearch', ...url, ...more }],
  });
}

test('several nodes, and one way to log in', () => {
  expect(() => parse({})).not.toThrow();
  expect(() => parse({ 'connection.username': 'u', 'connection.password': 'p' })).not.toThrow();
  expect(() => parse({ 'connection.api.key': 'k' })).not.toThrow();
});

test.each([
  [{ 'connection.url': 'localhost:9200' }, 'http:// or https://'],
  [{ 'connection.username': 'u' }, 'belong together'],
  [{ 'connection.api.key': 'k', 'connection.bearer.token': 't' }, 'exclude each other'],
  [{ 'proxy.username': 'u' }, 'needs proxy.host'],
])('%j is refused', (more, message) => {
  expect(() => parse(more)).toThrow(message);
});
