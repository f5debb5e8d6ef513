import { describe, expect, test } from 'vitest';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import type { ResolvedOptions } from '../../src/config/option.ts';

function optionsOf(given: Readonly<Record<string, unknown>>): ResolvedOptions {
  const source = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
    ...given,
  };
  return parsePipeline(JSON.stringify({ name: 'shop', source }), '/p.yaml', {}).source.options;
}

describe('what watches a source', () => {
  test('looks every ten seconds, and warns at 50, 25 and 10 percent', () => {
    const options = optionsOf({});
    expect(options.number('stall.watch.interval.ms')).toBe(10_000);
    expect(options.number('stall.after.ms')).toBe(30_000);
    expect(options.number('stall.transaction.ms')).toBe(600_000);
    expect(options.list('retention.budget.alerts')).toEqual(['50', '25', '10']);
    expect(options.number('retention.budget.bytes')).toBe(0);
  });

  test('takes other stages, and refuses what is no share', () => {
    const stages = optionsOf({ 'retention.budget.alerts': ['30', '5.5'] });
    expect(stages.list('retention.budget.alerts')).toEqual(['30', '5.5']);
    for (const wrong of ['50,x', '0', '100', '-5']) {
      expect(() => optionsOf({ 'retention.budget.alerts': wrong })).toThrow(
        /retention\.budget\.alerts.* percentages between 0 and 100/,
      );
    }
  });
});
