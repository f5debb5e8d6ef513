import { expect, test } from 'vitest';
import { ownRegistry, unsafeSink, unsafeSource } from '../../src/runtime/check-pipeline.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function warningsOf(
  source: Readonly<Record<string, unknown>>,
  sink: Readonly<Record<string, unknown>>,
  transport: Readonly<Record<string, unknown>> = {},
): readonly string[] {
  const dwh = { name: 'dwh', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' };
  const config = parsedPipeline({ transport, source, sinks: [{ ...dwh, ...sink }] });
  const { source: first, sinks } = config;
  return [...unsafeSource(first), ...ownRegistry(config), ...sinks.flatMap(unsafeSink)];
}

test('our own defaults give nothing to warn of', () => {
  expect(warningsOf({}, {})).toEqual([]);
});

test('each unsafe setting has its warning', () => {
  const source = {
    'publication.autocreate.mode': 'all_tables',
    'slot.drop.on.stop': true,
    'value.converter': 'json',
    'value.converter.schemas.enable': false,
    'value.converter.replace.null.with.default': true,
  };
  const sink = {
    'insert.mode': 'insert',
    'delete.enabled': false,
    'replace.null.with.default': true,
  };
  expect(warningsOf(source, sink)).toEqual([
    expect.stringContaining('publication.autocreate.mode is all_tables'),
    expect.stringContaining('slot.drop.on.stop loses'),
    expect.stringContaining('value.converter.schemas.enable is false'),
    expect.stringContaining('value.converter.replace.null.with.default is true'),
    expect.stringContaining('sink dwh: insert.mode is insert'),
    expect.stringContaining('sink dwh: delete.enabled is false'),
    expect.stringContaining('sink dwh: replace.null.with.default is true'),
  ]);
});

test('a sink that keeps each change as a row is not told to upsert', () => {
  const sink = { 'pk.mode': 'kafka', 'insert.mode': 'insert', 'delete.enabled': false };
  expect(warningsOf({}, sink)).toEqual([expect.stringContaining('delete.enabled is false')]);
});

test('on Kafka others read what only this daemon could explain', () => {
  const kafka = { type: 'kafka', 'bootstrap.servers': 'localhost:9092' };
  const told = (side: string) =>
    expect.stringContaining(
      `${side}.converter is avro without ${side}.converter.schema.registry`,
    ) as string;
  expect(warningsOf({}, {}, kafka)).toEqual([told('key'), told('value')]);
  const json = { 'key.converter': 'json' };
  const registry = { 'value.converter.schema.registry.url': 'http://localhost:8081' };
  expect(warningsOf({ ...json, ...registry }, {}, kafka)).toEqual([]);
});
