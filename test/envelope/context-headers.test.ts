import { expect, test } from 'vitest';
import { contextHeaders } from '../../src/envelope/context-headers.ts';
import { goldenTable } from '../support/golden-records.ts';

test("names and order are Debezium's", () => {
  const golden = goldenTable('changes', 'public.t_pkupd')[0]?.headers ?? [];
  const runId = golden.find(([name]) => name.endsWith('runId'))?.[1] ?? '';
  const made = contextHeaders({
    logicalName: 'g_postgres_default',
    connector: 'postgresql',
    taskId: '0',
    runId,
  });
  expect(made.map(({ name, value }) => [name, value])).toEqual(golden);
});
