import { expect, test } from 'vitest';
import { conversionWarnings } from '../../src/runtime/conversion-warnings.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Logger } from '../../src/runtime/logger.ts';

function recording(): { readonly logger: Logger; readonly told: string[] } {
  const told: string[] = [];
  const logger = Object.create(silentLogger()) as Logger;
  logger.warn = (about: { field: string; values: number }) => {
    told.push(`warn ${about.field} ${about.values}`);
  };
  logger.debug = (about: { field: string; values: number }) => {
    told.push(`debug ${about.field} ${about.values}`);
  };
  return { logger, told };
}

const TABLE = { catalog: 'd', schema: 's', table: 't' };

test('each field is told at first, at ten, at a hundred', () => {
  const { logger, told } = recording();
  const note = conversionWarnings(logger, 'warn');
  for (let i = 0; i < 150; i++) note(TABLE, ['after.a']);
  note(TABLE, ['before.a', 'after.b']);
  expect(told).toEqual(['warn s.t.a 1', 'warn s.t.a 10', 'warn s.t.a 100', 'warn s.t.b 1']);
});

test('quietly where values are skipped', () => {
  const { logger, told } = recording();
  conversionWarnings(logger, 'skip')(TABLE, ['after.a']);
  expect(told).toEqual(['debug s.t.a 1']);
});
