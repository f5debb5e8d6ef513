import { describe, expect, test } from 'vitest';
import type { ResolvedOptions } from '../../src/config/option.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';

const HEALS = { 'retention.budget.exceeded': 'drop_and_heal' };

function optionsOf(
  given: Readonly<Record<string, unknown>>,
  sinks: readonly Readonly<Record<string, unknown>>[] = [],
): ResolvedOptions {
  const source = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
    ...given,
  };
  return parsePipeline(JSON.stringify({ name: 'shop', source, sinks }), '/p.yaml', {}).source
    .options;
}

describe('the last stage of the WAL guard', () => {
  test('is off by default, and named waits a minute below five percent', () => {
    expect(optionsOf({}).string('retention.budget.exceeded')).toBe('alert');
    const named = optionsOf(HEALS);
    expect(named.string('retention.budget.exceeded')).toBe('drop_and_heal');
    expect(named.number('retention.budget.drop.percent')).toBe(5);
    expect(named.number('retention.budget.drop.after.ms')).toBe(60_000);
  });

  test.each([
    [{ 'snapshot.mode': 'no_data' }, /snapshot\.mode: no_data/],
    [{ 'snapshot.mode': 'always' }, /snapshot\.mode: always/],
    [{ 'snapshot.include.collection.list': 'public.a' }, /remove snapshot\.include/],
    [{ 'lsn.flush.mode': 'manual' }, /somebody else advances/],
    [{ 'stall.watch.interval.ms': 0 }, /set stall\.watch\.interval\.ms/],
  ])('is refused where tables could not be read again, or nobody looks: %j', (other, reason) => {
    expect(() => optionsOf({ ...HEALS, ...other })).toThrow(reason);
    expect(() => optionsOf(other)).not.toThrow();
  });

  test('is refused beside a sink that would keep rows which were deleted in the gap', () => {
    const sink = {
      name: 'w',
      'connector.class': 'jdbc',
      'connection.url': 'jdbc:postgresql://h/d',
      'truncate.enabled': false,
    };
    expect(() => optionsOf(HEALS, [sink])).toThrow(/sink w: truncate\.enabled is false/);
    expect(() => optionsOf({}, [sink])).not.toThrow();
    expect(() => optionsOf(HEALS, [{ ...sink, 'truncate.enabled': true }])).not.toThrow();
  });

  test.each(['mysql', 'mariadb'])('is refused for %s, whose server holds nothing back', (name) => {
    const source = { 'connector.class': name, 'database.server.id': 7 };
    expect(() => optionsOf({ ...source, ...HEALS })).toThrow(/keeps its binlog for nobody/);
  });
});
