import { expect, test } from 'vitest';
import { requireDatabase, sourcePartition } from '../../src/runtime/source-partition.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const FILE = { 'connector.class': 'FileStreamSource', topic: 't' };

test("a source is found by its prefix, a file by its name as in Connect's offsets", () => {
  const { source } = parsedPipeline({ source: { ...FILE, file: 'a.txt' } });
  expect(sourcePartition(source)).toEqual({ filename: 'a.txt' });
  const input = parsedPipeline({ source: FILE });
  expect(sourcePartition(input.source)).toEqual({ filename: '' });
});

test('commands that need a database say so', () => {
  const { source } = parsedPipeline({ source: FILE });
  expect(() => requireDatabase(source, 'bootstrap')).toThrow(/bootstrap is for sources/);
});
