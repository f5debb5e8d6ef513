import { describe, expect, test } from 'vitest';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import {
  POSTGRES_SOURCE_SCHEMA,
  sourceSequence,
  postgresSource,
} from '../../src/envelope/postgres-source-block.ts';
import type { PostgresOrigin } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';

const ORIGIN: PostgresOrigin = {
  family: 'postgres',
  lsn: lsn(641082520n),
  commitLsn: lsn(641082600n),
  previousCommitLsn: null,
  ordinal: 0,
  transactionId: 4294967295,
  sourceMicros: 1795250776589314n,
  snapshot: 'first',
};
const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'shop',
  connector: 'postgresql',
  version: '0.1.0',
  database: 'db',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '',
  absentHeader: true,
};

describe('source block', () => {
  test('every field of the schema has its value', () => {
    const table = { catalog: 'db', schema: 'public', table: 'Mixed Case' };
    const { values } = postgresSource(ORIGIN, table, OPTIONS);
    const names = POSTGRES_SOURCE_SCHEMA.fields?.map((field) => field.name) ?? [];
    expect(Object.fromEntries(names.map((name, i) => [name, values[i]]))).toEqual({
      version: '0.1.0',
      connector: 'postgresql',
      name: 'shop',
      ts_ms: 1795250776589n,
      snapshot: 'first',
      db: 'db',
      sequence: '[null,"641082520"]',
      ts_us: 1795250776589314n,
      ts_ns: 1795250776589314000n,
      schema: 'public',
      table: 'Mixed Case',
      txId: 4294967295n,
      lsn: 641082520n,
      xmin: null,
      origin: null,
      origin_lsn: null,
    });
    expect(values).toHaveLength(names.length);
  });

  test('xmin and the origin of a replicated transaction', () => {
    const table = { catalog: 'db', schema: 'public', table: 't' };
    const origin = { ...ORIGIN, xmin: 731n, replicatedFrom: { name: 'east', lsn: lsn(9n) } };
    expect(postgresSource(origin, table, OPTIONS).values.slice(-3)).toEqual([731n, 'east', 9n]);
  });

  test('of streamed changes the schema’s default may say that they are no snapshot', () => {
    const table = { catalog: 'db', schema: 'public', table: 't' };
    const at = POSTGRES_SOURCE_SCHEMA.fields?.findIndex((field) => field.name === 'snapshot') ?? -1;
    const streamed = { ...ORIGIN, snapshot: 'false' } as const;
    expect(POSTGRES_SOURCE_SCHEMA.fields?.[at]?.schema.default).toBe('false');
    expect(postgresSource(streamed, table, OPTIONS).values[at]).toBe('false');
    const original = { ...OPTIONS, leavesDefaults: true };
    expect(postgresSource(streamed, table, original).values[at]).toBeNull();
    expect(postgresSource(ORIGIN, table, original).values[at]).toBe('first');
  });

  test('sequence: commit before, position of the change (PITFALLS P18)', () => {
    expect(sourceSequence({ ...ORIGIN, previousCommitLsn: lsn(7n) })).toBe('["7","641082520"]');
  });
});
