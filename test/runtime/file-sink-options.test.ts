import { expect, test } from 'vitest';
import { fileSinkOptionsOf } from '../../src/runtime/file-sink-options.ts';
import type { FileSinkOptions } from '../../src/sink/file/create-file-sink.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function optionsOf(more: Record<string, unknown>): FileSinkOptions | null {
  const sink = { name: 'lines', 'connector.class': 'file', ...more };
  const config = parsedPipeline({ sinks: [sink] }, '/etc/tidemark/shop.yaml');
  const [first] = config.sinks;
  if (first === undefined) throw new Error('there is one sink');
  return fileSinkOptionsOf(config, first);
}

test('a path is relative to the pipeline file', () => {
  const owner = 'shop/lines';
  expect(optionsOf({ file: 'out/a.jsonl' })).toEqual({
    owner,
    file: '/etc/tidemark/out/a.jsonl',
    format: 'json',
  });
  expect(optionsOf({ file: '/var/a', format: 'text' })).toEqual({
    owner,
    file: '/var/a',
    format: 'text',
  });
  expect(optionsOf({})).toEqual({ owner, file: null, format: 'json' });
});

test('other classes write no file', () => {
  expect(optionsOf({ 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' })).toBeNull();
});
