import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { sinkConsumption } from '../../src/runtime/sink-consumption.ts';

function pipeline(transport: string, source = '', sink = '') {
  return parsePipeline(
    `name: shop
transport: { ${transport} }
source:
  connector.class: postgres
  database.hostname: localhost
  database.dbname: shop
  database.user: u
  database.password: p
  topic.prefix: shop
${source}
sinks:
  - name: copy
    connector.class: jdbc
    connection.url: jdbc:postgresql://localhost/copy
${sink}
`,
    '/p.yaml',
    {},
  );
}

const KAFKA =
  'type: kafka, bootstrap.servers: "localhost:9092", consumer.auto.offset.reset: latest';

function consumptionOf(config: ReturnType<typeof pipeline>) {
  const [sink] = config.sinks;
  return sink === undefined ? null : sinkConsumption(config, sink);
}

test('on the embedded log a sink is alone and begins at the beginning', () => {
  expect(consumptionOf(pipeline('type: embedded'))).toEqual({
    group: 'connect-copy',
    startAt: 'earliest',
    fencedGraceMs: 0,
  });
});

test('on Kafka the worker and the sink say where it begins, and as which group', () => {
  expect(consumptionOf(pipeline(KAFKA))).toMatchObject({
    group: 'connect-copy',
    startAt: 'latest',
  });
  const own =
    '    consumer.override.group.id: g\n    consumer.override.auto.offset.reset: earliest';
  expect(consumptionOf(pipeline(KAFKA, '', own))).toMatchObject({
    group: 'g',
    startAt: 'earliest',
  });
});
