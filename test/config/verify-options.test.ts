import { expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { TidemarkErrors } from '../../src/foundation/errors.ts';

const FILE = `name: p
source:
  connector.class: postgres
  database.hostname: h
  database.dbname: d
  database.user: u
  topic.prefix: p
sinks: []
`;

test('without a section nothing is compared; with one, within its bounds', () => {
  expect(parsePipeline(FILE, 'p.yaml', {}).verify.has('schedule')).toBe(false);
  const section = 'verify: { schedule: 24h, window: "22:00-06:00", tables: [public.a, "b.*"] }\n';
  const { verify } = parsePipeline(FILE + section, 'p.yaml', {});
  expect(verify.number('schedule')).toBe(86_400_000);
  expect(verify.number('rows.per.second')).toBe(5_000);
  expect(verify.patterns('tables')).toHaveLength(2);
  expect([verify.boolean('repair'), verify.string('window.timezone')]).toEqual([false, 'UTC']);
});

test.each([
  ['schedule: 10', 'schedule'],
  ['schedule: often', 'schedule'],
  ['window: at night', 'must have the form 22:00-06:00'],
  ['window.timezone: Mars', 'is not the name of a time zone'],
  ['rows.per.second: 0', 'rows.per.second'],
  ['sample: half', 'a number of rows, or a part such as 1%'],
  ['seed: 7', 'without that all rows are compared'],
])('%s is refused', (text, reason) => {
  const parse = (): unknown => parsePipeline(`${FILE}verify: { ${text} }\n`, 'p.yaml', {});
  expect(parse).toThrow(TidemarkErrors);
  expect(parse).toThrow(reason);
});
