import { onTestFinished } from 'vitest';
import { ConfluentRegistry } from '../../src/converter/registry/confluent-registry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { HeldTopicView } from '../../src/runtime/held-topics.ts';
import type { TestDatabase } from './postgres.ts';
import { freshDatabase } from './postgres.ts';
import type { RegistryServer } from './registry-server.ts';
import { registrySettingsFor } from './registry-settings.ts';
import type { RunningPipeline, RunningPipelineOptions } from './running-pipeline.ts';

const TABLES = `
  CREATE TABLE orders (id int PRIMARY KEY, qty int);
  CREATE TABLE others (id int PRIMARY KEY);
  INSERT INTO orders VALUES (1, 10);`;

/** A database, and options of a pipeline over it that has a registry. */
export interface RegistryPipeline {
  readonly database: TestDatabase;
  readonly options: RunningPipelineOptions;
  /** Topics of its two tables. */
  readonly orders: string;
  readonly others: string;
}

/** With one order in it, and topics and subjects of its own, which begin with the prefix. */
export async function registryPipeline(
  registry: RegistryServer,
  prefix: string,
  source: Readonly<Record<string, unknown>> = {},
): Promise<RegistryPipeline> {
  const database = await freshDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await database.query(TABLES);
  const ofSide = (side: string): Readonly<Record<string, unknown>> => ({
    [`${side}.converter`]: 'avro',
    [`${side}.converter.schema.registry.url`]: registry.url,
    [`${side}.converter.http.read.timeout.ms`]: '3s',
  });
  const given = { 'topic.prefix': prefix, 'heartbeat.interval.ms': 0 };
  const options: RunningPipelineOptions = {
    // A table that is read again, as after a column got another type, has its rows told once more.
    source: { ...given, ...ofSide('key'), ...ofSide('value'), 'ddl.rewrites': 'warn', ...source },
    registry: new ConfluentRegistry(registrySettingsFor(registry.url)),
  };
  const topic = (table: string): string => `${prefix}.public.${table}`;
  return { database, options, orders: topic('orders'), others: topic('others') };
}

/** Of a subject, or of the whole registry. */
export async function setLevel(
  registry: RegistryServer,
  subject: string | null,
  level: string,
): Promise<void> {
  const answer = await fetch(`${registry.url}/config${subject === null ? '' : `/${subject}`}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: level }),
  });
  if (!answer.ok) throw new Error(`level ${level}: ${answer.status}`);
}

/** Waits for a condition, half a minute at most. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const { signal } = new AbortController();
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never: ${condition.toString()}`);
    await systemClock.sleep(20, signal);
  }
}

/** What became of the orders, oldest first: `c 1 10`. */
export async function changesIn(
  running: RunningPipeline,
  topic: string,
  count: number,
): Promise<readonly string[]> {
  const records = await running.records(topic, count);
  return records.map(({ key, value }) => {
    const { op, after } = (value ?? {}) as { op?: string; after?: { qty: unknown } };
    const { id } = key as { id: number };
    return [op ?? 'tombstone', id, ...(after ? [after.qty] : [])].join(' ');
  });
}

/** Topics whose records wait for the registry. */
export function heldIn({ pipeline }: RunningPipeline): readonly HeldTopicView[] {
  return pipeline.status().source.held;
}

/** Something has to come by for the source to look: here a row, else a keepalive. */
export async function untilReleased(
  running: RunningPipeline,
  database: TestDatabase,
): Promise<void> {
  await eventually(async () => {
    await database.query(`INSERT INTO others SELECT coalesce(max(id), 0) + 1 FROM others`);
    return heldIn(running).length === 0;
  });
}
