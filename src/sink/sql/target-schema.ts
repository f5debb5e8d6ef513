import type { TargetDialect } from '../../../dialects/dialect.ts';
import type { TargetSession } from './target-session.ts';

/** Makes the schema if it is missing: a role that may only use it must get along. */
export async function ensureSchema(
  session: TargetSession,
  dialect: TargetDialect,
  schema: string,
): Promise<void> {
  const { rows } = await session.query(dialect.schemaQuery(schema));
  const statement = rows.length === 0 ? dialect.createSchema(schema) : null;
  if (statement !== null) await session.query(statement);
}
