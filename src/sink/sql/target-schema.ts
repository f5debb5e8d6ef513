import type { TargetDialect } from '../../../dialects/dialect.ts';
import type { TargetSession } from './target-session.ts';

/** Makes the schema if it is missing: a role that may only use it must get along. */
export async function ensureSchema(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
): Promise<void> {
  const { rows } = await session.query(dialect.schemaQuery(schema));
  if (rows.length === 0) await session.query(dialect.createSchema(schema));
}
