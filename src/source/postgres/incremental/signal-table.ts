import {
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import { writesMarks } from '../../incremental/window-marks.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';

/** `schema.table`, quoted; null: it has no schema, so that no table is meant. */
export function quotedSignalTable(signalTable: string): string | null {
  const at = signalTable.indexOf('.');
  return at < 1 ? null : quoteQualified(signalTable.slice(0, at), signalTable.slice(at + 1));
}

/** Something about the signal table that somebody has to know; nothing stops for it. */
export function signalTableProblem(message: string, cure: string): TidemarkError {
  return new TidemarkError('PG_SIGNAL_TABLE', message, { cure });
}

/** A line for the log. */
export function problemText({ code, message, cure }: TidemarkError): string {
  return `${code}: ${message}. ${cure}`;
}

/**
 * What keeps signals from coming by the table, or marks from being written to it. Not an error: the
 * stream does without, and the command line can signal as well.
 */
export async function signalTableProblems(
  querier: Querier,
  options: SnapshotOptions,
  captured: readonly TableSchema[],
  signal?: AbortSignal,
): Promise<readonly TidemarkError[]> {
  const { signalTable } = options;
  if (signalTable === null) return [];
  const quoted = quotedSignalTable(signalTable);
  if (quoted === null) {
    const cure = 'Write signal.data.collection as schema.table.';
    return [signalTableProblem(`the signal table ${signalTable} has no schema`, cure)];
  }
  const results = await querier.query(tableQuery(quoted), signal);
  const found = results[0]?.rows[0];
  if (found === undefined) return [missing(signalTable, quoted)];
  const [columns, mayInsert, mayDelete, hasIdentity, user] = found;
  const problems: TidemarkError[] = [];
  if (Number(columns) < 3) {
    problems.push(
      signalTableProblem(
        `the signal table ${signalTable} has ${columns ?? 0} columns`,
        `It needs three, in this order: ${COLUMNS}.`,
      ),
    );
  }
  const byTable = options.signalChannels.includes('source');
  if (byTable && !captured.some(({ id }) => tableName(id) === signalTable)) {
    problems.push(
      signalTableProblem(
        `signals in ${signalTable} are not seen: it is not captured`,
        'Take it out of table.exclude.list, or its schema into schema.include.list; or add it to ' +
          `the publication: ALTER PUBLICATION … ADD TABLE ${quoted};`,
      ),
    );
  }
  const rights = markRights(options, mayInsert === 't', mayDelete === 't');
  if (rights.length > 0) problems.push(unwritable(signalTable, user ?? '', rights));
  if (writesMarks(options) && options.watermarking === 'insert_delete' && hasIdentity !== 't') {
    problems.push(
      signalTableProblem(
        `marks in ${signalTable} cannot be deleted: it has neither primary key nor identity`,
        `ALTER TABLE ${quoted} ADD PRIMARY KEY (id);`,
      ),
    );
  }
  return problems;
}

const COLUMNS = 'id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048)';

function missing(signalTable: string, quoted: string): TidemarkError {
  return signalTableProblem(
    `there is no table ${signalTable} (signal.data.collection)`,
    `CREATE TABLE ${quoted} (${COLUMNS}); then restart, so that it is captured.`,
  );
}

function markRights(options: SnapshotOptions, mayInsert: boolean, mayDelete: boolean): string[] {
  if (!writesMarks(options)) return [];
  const deletes = options.watermarking === 'insert_delete';
  return [...(mayInsert ? [] : ['INSERT']), ...(mayDelete || !deletes ? [] : ['DELETE'])];
}

/** Marks are for those who read them: the windows are judged without. */
export function unwritable(
  signalTable: string,
  user: string,
  rights: readonly string[],
): TidemarkError {
  const table = quotedSignalTable(signalTable) ?? '';
  const grant = `GRANT ${rights.join(', ')} ON ${table} TO ${quoteIdentifier(user)};`;
  return signalTableProblem(
    `the role may not ${rights.join(' and ')} in ${signalTable}: incremental snapshots leave no ` +
      'marks there',
    `${grant} or set read.only: true.`,
  );
}

function tableQuery(quoted: string): string {
  return `SELECT (SELECT count(*) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    pg_catalog.has_table_privilege(c.oid, 'INSERT'),
    pg_catalog.has_table_privilege(c.oid, 'DELETE'),
    c.relreplident IN ('f', 'i') OR c.relreplident = 'd' AND EXISTS (SELECT FROM
      pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
    current_user
  FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(${quoteLiteral(quoted)})`;
}
