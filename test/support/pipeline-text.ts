import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestDatabase } from './postgres.ts';

/** A folder with a pipeline file; disposing deletes it with the store. */
export interface PipelineFolder extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
}

/** Writes a pipeline file (as JSON, which is YAML) into a new folder. */
export async function pipelineFolder(document: unknown): Promise<PipelineFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tidemark-cli-'));
  const file = path.join(folder, 'shop.yaml');
  const text = typeof document === 'string' ? document : JSON.stringify(document, null, 2);
  await writeFile(file, text);
  return {
    folder,
    file,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Properties of a source over a test database, with names of its own for slot and publication. */
export function sourceSection(
  database: TestDatabase,
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    'connector.class': 'postgres',
    'database.hostname': database.host,
    'database.port': database.port,
    'database.dbname': database.name,
    'database.user': database.user,
    'database.password': database.password,
    'topic.prefix': 'shop',
    'slot.name': `slot_${database.name}`,
    'table.include.list': 'public\\..*',
    ...overrides,
  };
}
