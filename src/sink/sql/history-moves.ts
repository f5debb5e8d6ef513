import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { HISTORY_ABSENT, HISTORY_KEY } from './history-columns.ts';

/** The create half of a key change, in a history. */
export interface CreatedRow {
  readonly table: TargetName;
  /** Of the rows. */
  readonly key: readonly string[];
  readonly source: string;
  readonly position: string;
}

/** Asks which columns (`absent`) the create half of a key change left out, if it is there. */
export function absentQuery(dialect: TargetDialect, created: CreatedRow): string {
  const absent = dialect.quote(HISTORY_ABSENT);
  return (
    `SELECT ${absent} AS absent FROM ${dialect.qualify(created.table)} ` +
    `WHERE ${createdAt(dialect, created)} AND ${absent} IS NOT NULL`
  );
}

/**
 * Gives the create half of a key change the values that it left out: those of the row's last
 * version under its old key, which the delete half of the same position names. Does nothing where
 * one of them is not known.
 */
export function completion(
  dialect: TargetDialect,
  created: CreatedRow,
  absent: readonly string[],
): string {
  const quote = (name: string): string => dialect.quote(name);
  const table = dialect.qualify(created.table);
  const same = [HISTORY_KEY.source, ...created.key].map(
    (name) => `p.${quote(name)} = d.${quote(name)}`,
  );
  const position = quote(HISTORY_KEY.position);
  const list = `p.${quote(HISTORY_ABSENT)}`;
  const earlier = (name: string): string => {
    const entry = dialect.literal(JSON.stringify(name));
    return (
      `FROM ${table} d JOIN ${table} p ON ${same.join(' AND ')} ` +
      `AND ${dialect.byBytes(`p.${position}`)} < d.${position} ` +
      `WHERE ${at(dialect, created, 'd.')} AND d.${quote(HISTORY_KEY.op)} = 'd' ` +
      `AND p.${quote(HISTORY_KEY.image)} = 'after' ` +
      `AND (${list} IS NULL OR REPLACE(${list}, ${entry}, '') = ${list}) ` +
      `ORDER BY ${dialect.byBytes(`p.${position}`)} DESC LIMIT 1`
    );
  };
  // MySQL reads the table that it writes only behind another subquery.
  const sets = absent.map(
    (name) =>
      `${quote(name)} = ` +
      `(SELECT x.found FROM (SELECT p.${quote(name)} AS found ${earlier(name)}) x)`,
  );
  const known = absent.map(
    (name) => `EXISTS (SELECT x.found FROM (SELECT 1 AS found ${earlier(name)}) x)`,
  );
  const where = [createdAt(dialect, created), ...known].join(' AND ');
  const nothing = `${quote(HISTORY_ABSENT)} = NULL`;
  return `UPDATE ${table} SET ${[...sets, nothing].join(', ')} WHERE ${where}`;
}

function at(dialect: TargetDialect, { source, position }: CreatedRow, alias: string): string {
  const [sourceName, positionName] = [HISTORY_KEY.source, HISTORY_KEY.position].map((name) =>
    dialect.quote(name),
  );
  return (
    `${alias}${sourceName} = ${dialect.literal(source)} AND ` +
    `${alias}${positionName} = ${dialect.literal(position)}`
  );
}

function createdAt(dialect: TargetDialect, created: CreatedRow): string {
  return `${at(dialect, created, '')} AND ${dialect.quote(HISTORY_KEY.op)} = 'c'`;
}
