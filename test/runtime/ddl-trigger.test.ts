import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { changeDdlTrigger, ddlTriggerScript } from '../../src/runtime/ddl-trigger.ts';

test('each script is one transaction, and the function is found by nobody else', () => {
  for (const task of ['install', 'remove'] as const) {
    expect(ddlTriggerScript(task)).toMatch(/^BEGIN;\n[^]*\nCOMMIT;\n$/);
  }
  expect(ddlTriggerScript('install')).toContain('SET search_path = pg_catalog, pg_temp');
});

test('a binlog needs none', async () => {
  const { signal } = new AbortController();
  const making = changeDdlTrigger('mysql://a@b/c', 'install', { signal, clock: systemClock });
  await expect(making).rejects.toMatchObject({ code: 'USAGE' });
});
