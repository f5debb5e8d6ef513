import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteIdentifier,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';

/** One entry of replica.identity.autoset.values. */
export interface IdentityRule {
  /** Matched against `schema.table`, anchored. */
  readonly table: RegExp;
  readonly identity: TableInfo['replicaIdentity'];
  /** Of `index`: its name. */
  readonly index: string | null;
}

/** What has to be altered, and how the tables are then. */
export interface IdentityPlan {
  readonly tables: readonly TableInfo[];
  readonly statements: readonly string[];
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}

/** How long an ALTER may wait for readers of its table: everybody else waits behind it. */
const LOCK_TIMEOUT = `SET LOCAL lock_timeout = '10s'`;

/**
 * Statements of one query are one transaction, for which `SET LOCAL` holds. Those that make the
 * publication fit belong to it: a table that is published with columns that do not cover its new
 * identity, or before it has one, would refuse the application's UPDATE meanwhile.
 */
export function identityCommand(statements: readonly string[]): string {
  return [LOCK_TIMEOUT, ...statements].join('; ');
}

/**
 * Gives tables the replica identity that replica.identity.autoset.values names; the first rule that
 * matches holds. Pure: `tables` are as they will be, so that all checks see them so.
 */
export function planIdentities(
  tables: readonly TableInfo[],
  rules: readonly IdentityRule[],
  { wanted, inRecovery }: { wanted: (table: TableInfo) => boolean; inRecovery: boolean },
): IdentityPlan {
  const [statements, problems]: [string[], TidemarkError[]] = [[], []];
  const used = new Set<IdentityRule>();
  const after = tables.map((table) => {
    const rule = ruleFor(table, rules);
    if (rule === undefined || !wanted(table)) return table;
    used.add(rule);
    if (isAlready(table, rule)) return table;
    const statement = alterStatement(table, rule);
    const problem = obstacle(table, rule, statement, inRecovery);
    if (problem !== null) {
      problems.push(problem);
      return table;
    }
    statements.push(statement);
    return withIdentity(table, rule);
  });
  const warnings = rules.filter((rule) => !used.has(rule)).map(matchesNothing);
  return { tables: after, statements, problems, warnings };
}

function matchesNothing({ table }: IdentityRule): string {
  const pattern = table.source.replace(/^\^\(\?:(.*)\)\$$/, '$1');
  return `replica.identity.autoset.values: ${pattern} sets no identity of a captured table`;
}

function ruleFor(table: TableInfo, rules: readonly IdentityRule[]): IdentityRule | undefined {
  if (table.kind !== 'table' && table.kind !== 'partitioned') return undefined;
  return rules.find((rule) => rule.table.test(`${table.schema}.${table.name}`));
}

function isAlready(table: TableInfo, { identity, index }: IdentityRule): boolean {
  if (table.replicaIdentity !== identity) return false;
  return (
    identity !== 'index' ||
    table.uniqueIndexes.some((one) => one.name === index && one.replicaIdentity)
  );
}

function alterStatement(table: TableInfo, { identity, index }: IdentityRule): string {
  const what =
    identity === 'index' ? `USING INDEX ${quoteIdentifier(index ?? '')}` : identity.toUpperCase();
  return `ALTER TABLE ${quoteQualified(table.schema, table.name)} REPLICA IDENTITY ${what}`;
}

function obstacle(
  table: TableInfo,
  { identity, index }: IdentityRule,
  statement: string,
  inRecovery: boolean,
): TidemarkError | null {
  const name = `${table.schema}.${table.name}`;
  if (identity === 'index') {
    const found = table.uniqueIndexes.find((one) => one.name === index);
    const nullable = table.columns.some(
      (column) => found?.columns.includes(column.number) === true && !column.notNull,
    );
    if (found?.immediate !== true || nullable) {
      return new TidemarkError(
        'PG_REPLICA_IDENTITY',
        `replica.identity.autoset.values: ${name} has no index ${index} that can be its identity`,
        {
          cure: 'It has to be unique, not partial, not deferrable, over columns that are NOT NULL.',
        },
      );
    }
  }
  if (inRecovery) {
    return new TidemarkError(
      'PG_REPLICA_IDENTITY',
      `${name} has another replica identity than replica.identity.autoset.values says, and this ` +
        'server is a standby',
      { cure: `On the primary: ${statement};` },
    );
  }
  if (table.owned) return null;
  return new TidemarkError(
    'PG_PERMISSION',
    `only the owner of ${name}, ${table.owner}, may set its replica identity`,
    { cure: `As ${table.owner}: ${statement};` },
  );
}

function withIdentity(table: TableInfo, { identity, index }: IdentityRule): TableInfo {
  return {
    ...table,
    replicaIdentity: identity,
    uniqueIndexes: table.uniqueIndexes.map((one) => ({
      ...one,
      replicaIdentity: identity === 'index' && one.name === index,
    })),
  };
}
