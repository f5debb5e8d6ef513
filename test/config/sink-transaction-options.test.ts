import { describe, expect, test } from 'vitest';
import { keepsTransactions } from '../../src/config/sink-transaction-options.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

type Properties = Record<string, unknown>;

const WITH_METADATA = { 'provide.transaction.metadata': true };

function sinkOf(more: Properties, source: Properties = WITH_METADATA) {
  const base = { name: 'dwh', 'connector.class': 'jdbc', 'connection.url': 'sqlite:/tmp/a.db' };
  const sinks = [{ ...base, 'transaction.mode': 'source', ...more }];
  return parsedPipeline({ source, sinks }).sinks[0]?.options;
}

test('it is off unless it is asked for', () => {
  const [none, source] = [sinkOf({ 'transaction.mode': 'none' }), sinkOf({})];
  expect([none, source].map((options) => options && keepsTransactions(options))).toEqual([
    false,
    true,
  ]);
  expect(source?.number('transaction.max.rows')).toBe(100_000);
  expect(source?.number('transaction.buffer.bytes')).toBe(32 * 1024 * 1024);
});

test.each([
  'io.debezium.connector.jdbc.JdbcSinkConnector',
  'io.confluent.connect.jdbc.JdbcSinkConnector',
])('%s has it, too', (name) => {
  const options = sinkOf({ 'connector.class': name });
  expect(options && keepsTransactions(options)).toBe(true);
});

describe('refused', () => {
  test('with several connections, of which each would have a part', () => {
    expect(() => sinkOf({ 'tasks.max': 2 })).toThrow('must be 1 with transaction.mode source');
    expect(sinkOf({ 'tasks.max': 1 })).toBeDefined();
    expect(sinkOf({ 'tasks.max': 2, 'transaction.mode': 'none' })?.number('tasks.max')).toBe(2);
  });

  test('where the source does not tell its transactions', () => {
    expect(() => sinkOf({}, {})).toThrow('sink dwh: transaction.mode source needs to know');
    // Those of another program may be known all the same.
    expect(sinkOf({ 'transaction.metadata.topic': 'other.transaction' }, {})).toBeDefined();
  });

  test('where the source has none, as lines of a file; that was told as a defect of ours', () => {
    const source = { 'connector.class': 'FileStreamSource', file: 'a.txt', topic: 't' };
    const base = { name: 'dwh', 'connector.class': 'jdbc', 'connection.url': 'sqlite:/tmp/a.db' };
    const sinks = [{ ...base, 'transaction.mode': 'source' }];
    const file = { name: 'p', transport: { type: 'embedded', path: '/tmp/p' }, source, sinks };
    expect(() => parsePipeline(JSON.stringify(file), '/p.yaml', {})).toThrow(
      /sink dwh: transaction.mode source keeps .* lines of a file have none/,
    );
  });

  test('where transforms of the source may take records or blocks away', () => {
    const mark = {
      ...WITH_METADATA,
      transforms: 'mark',
      'transforms.mark.type': 'org.apache.kafka.connect.transforms.InsertHeader',
      'transforms.mark.header': 'h',
      'transforms.mark.value.literal': '1',
    };
    const keep = {
      transforms: 'keep,mark',
      'transforms.keep.type': 'org.apache.kafka.connect.transforms.Filter',
    };
    const transforms = { ...mark, ...keep };
    expect(() => sinkOf({}, transforms)).toThrow('transforms of the source (keep) may drop');
    expect(sinkOf({ 'transaction.mode': 'none' }, transforms)).toBeDefined();
    expect(sinkOf({}, mark)).toBeDefined();
  });

  test('beside what lets others pass a record that fails', () => {
    const message = 'source stops the task at a record that cannot be applied';
    expect(() => sinkOf({ 'errors.tolerance': 'all' })).toThrow(message);
    expect(() => sinkOf({ 'errors.park': 'table' })).toThrow(message);
    expect(sinkOf({ 'errors.park': 'task' })).toBeDefined();
  });

  test('for a file', () => {
    expect(() => sinkOf({ 'connector.class': 'file', file: 'a.jsonl' })).toThrow(
      'a file has no transactions',
    );
  });

  test('a topic of metadata that nobody would read', () => {
    const topic = { 'transaction.metadata.topic': 't', 'transaction.mode': 'none' };
    expect(() => sinkOf(topic)).toThrow('means nothing with transaction.mode none');
  });
});
