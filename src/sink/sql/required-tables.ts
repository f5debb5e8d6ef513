import type { TargetDialect } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { TableNaming } from './table-naming.ts';
import type { TargetSession } from './target-session.ts';

/**
 * What is wrong when tables that have to be there are not (`schema.evolution=none-validated`).
 * Null: nothing. A table whose name a record alone can tell is looked for with its first one.
 */
export async function missingTables(
  session: TargetSession,
  dialect: TargetDialect,
  options: SqlSinkOptions,
): Promise<TidemarkError | null> {
  const naming = new TableNaming(options, dialect.identifierMax);
  const missing: string[] = [];
  for (const topic of options.requiredTopics) {
    const name = naming.target({ topic, value: null });
    if (name === null) continue;
    const { rows } = await session.query(dialect.tableQuery(name));
    if (dialect.readTable(name, rows) === null) missing.push(dialect.qualify(name));
  }
  if (missing.length === 0) return null;
  return new TidemarkError('SINK_SCHEMA', `the target lacks tables: ${missing.join(', ')}`, {
    cure: 'Create them, or set schema.evolution to basic.',
  });
}
