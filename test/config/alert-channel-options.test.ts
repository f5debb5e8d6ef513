import { expect, test } from 'vitest';
import { CHANNEL_TABLES, CHANNEL_TYPES } from '../../src/config/alert-channel-options.ts';

test('every kind of channel has what all have, and secrets are marked', () => {
  for (const type of CHANNEL_TYPES) {
    const names = CHANNEL_TABLES[type].options.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['type', 'name', 'severity', 'rate.limit']));
    expect(new Set(names).size).toBe(names.length);
  }
  const secrets = CHANNEL_TYPES.flatMap((type) =>
    CHANNEL_TABLES[type].options.filter(({ secret }) => secret === true).map(({ name }) => name),
  );
  expect(new Set(secrets)).toEqual(new Set(['url', 'secret', 'header.<name>', 'smtp.password']));
});
