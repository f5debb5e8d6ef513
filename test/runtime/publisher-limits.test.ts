import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { publisherLimits } from '../../src/runtime/publisher-limits.ts';
import { PUBLISHER_LIMITS } from '../../src/runtime/record-publisher.ts';

function pipeline(transport: string, source = '') {
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
`,
    '/p.yaml',
    {},
  );
}

const KAFKA = 'type: kafka, bootstrap.servers: "localhost:9092"';

test('the embedded log has its own', () => {
  expect(publisherLimits(pipeline('type: embedded'))).toBe(PUBLISHER_LIMITS);
});

test('a source lingers as its producer says, and ends transactions where it says', () => {
  const limits = (source: string) => publisherLimits(pipeline(KAFKA, source));
  expect(limits('  producer.override.linger.ms: 20')).toMatchObject({ lingerMs: 20 });
  expect(limits('  transaction.boundary: connector').boundary).toEqual({ kind: 'poll' });
  const required = '  exactly.once.support: required\n  transaction.boundary';
  expect(limits(`${required}: connector`).boundary).toEqual({ kind: 'connector' });
  expect(limits(`${required}: interval\n  transaction.boundary.interval.ms: 250`).boundary).toEqual(
    { kind: 'interval', intervalMs: 250 },
  );
});
