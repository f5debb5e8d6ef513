import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { Querier } from './catalog-session.ts';
import { VALUE_SETTINGS } from './wire-connect.ts';

/**
 * Runs database.initial.statements on a new connection that is not the stream's. What decides how
 * values print is put back afterwards: rows read here have to look like those of the stream (P86).
 */
export async function runInitialStatements(
  querier: Querier,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const statement of statements) {
    try {
      await querier.query(statement, signal);
    } catch (thrown) {
      const { code, message } = toTidemarkError(thrown);
      throw new TidemarkError(code, `database.initial.statements: ${statement}: ${message}`, {
        cure: 'Correct the statement, or the rights of the role.',
        cause: thrown,
      });
    }
  }
  const settings = Object.entries(VALUE_SETTINGS).map(
    ([name, value]) => `SET ${quoteIdentifier(name.toLowerCase())} = ${quoteLiteral(value)};`,
  );
  await querier.query(`${settings.join(' ')} SET lc_monetary TO DEFAULT`, signal);
}
