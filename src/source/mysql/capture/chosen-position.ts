import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import type { BinlogFile, MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { startProblem } from '../wire/start-check.ts';

/** Where somebody wants a source to go on. */
export type ChosenPosition =
  | { readonly kind: 'gtids'; readonly gtids: string }
  | { readonly kind: 'place'; readonly file: string; readonly pos: number }
  /** The end of the binlog. */
  | { readonly kind: 'end' };

const FIRST_POSITION = 4;

/**
 * The place that was chosen, as an offset has it. Whether the server still has the transactions
 * behind GTIDs is asked elsewhere. Throws USAGE for what is no place, MYSQL_* for one that is gone.
 */
export async function chosenPlace(
  chosen: ChosenPosition,
  querier: MysqlQuerier,
  facts: MysqlServerFacts,
  files: readonly BinlogFile[],
  signal: AbortSignal,
): Promise<BinlogPlace> {
  switch (chosen.kind) {
    case 'gtids':
      // By GTID the server finds the file itself.
      return {
        file: files[0]?.name ?? '',
        pos: FIRST_POSITION,
        gtids: canonicalGtids(chosen.gtids, facts),
      };
    case 'place': {
      const { file, pos } = chosen;
      const start = { kind: 'file', file, position: pos } as const;
      const problem = startProblem(start, null, facts, files);
      if (problem !== null) throw problem;
      await expectGroupStart(querier, { file, pos }, files, signal);
      return { file, pos, gtids: await gtidsAt(querier, { file, pos }, facts, signal) };
    }
    case 'end': {
      const status = await readBinlogStatus(querier, facts, signal);
      const { gtid } = facts;
      const gtids =
        gtid.kind === 'mariadb'
          ? gtid.binlog.toString()
          : gtid.kind === 'mysql'
            ? gtid.executed.toString()
            : '';
      return {
        file: status?.file ?? '',
        pos: status?.position ?? FIRST_POSITION,
        gtids: gtids === '' ? null : gtids,
      };
    }
  }
}

function canonicalGtids(text: string, { flavor }: MysqlServerFacts): string {
  const wrong = (why: string, cause?: unknown): TidemarkError =>
    new TidemarkError('USAGE', `${JSON.stringify(text)} is no set of GTIDs: ${why}`, {
      cure:
        flavor === 'mysql'
          ? 'MySQL prints one with SELECT @@GLOBAL.gtid_executed; (uuid:1-77,…).'
          : 'MariaDB prints one with SELECT @@GLOBAL.gtid_binlog_pos; (0-1-77,…).',
      cause,
    });
  let canonical: string;
  try {
    canonical =
      flavor === 'mysql'
        ? GtidSet.parse(text).toString()
        : MariadbGtidPosition.parse(text).toString();
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error), error);
  }
  if (canonical === '') throw wrong('it is empty');
  return canonical;
}

/** Between two groups: of one that was cut in two the second half means nothing. */
async function expectGroupStart(
  querier: MysqlQuerier,
  { file, pos }: { readonly file: string; readonly pos: number },
  files: readonly BinlogFile[],
  signal: AbortSignal,
): Promise<void> {
  const found = files.find(({ name }) => name === file);
  if (found === undefined || pos >= found.bytes || pos === FIRST_POSITION) return;
  const text = `${file}:${pos}`;
  const cure = `SHOW BINLOG EVENTS IN '${file}'; lists where events begin (Pos).`;
  let kind: string;
  try {
    const name = file.replaceAll("'", "''");
    const sql = `SHOW BINLOG EVENTS IN '${name}' FROM ${pos} LIMIT 1`;
    kind = (await querier.query(sql, signal)).rows[0]?.[2] ?? '';
  } catch (error) {
    signal.throwIfAborted();
    const isRight = error instanceof TidemarkError && error.code === 'MYSQL_PERMISSION';
    if (isRight) throw error;
    throw new TidemarkError('USAGE', `no event begins at ${text}`, { cure, cause: error });
  }
  if (!INSIDE.test(kind)) return;
  throw new TidemarkError('USAGE', `${text} is inside of a transaction (${kind})`, { cure });
}

/** Events that a group does not begin with. */
const INSIDE = new RegExp(
  '^(?:Table_map|Write_rows|Update_rows|Delete_rows|Partial_update|Rows_query|Annotate_rows|Xid|' +
    'XA_prepare|Intvar|Rand|User_var)',
  'i',
);

/** Which transactions lie before a place of a file; null: the server has no GTIDs. */
async function gtidsAt(
  querier: MysqlQuerier,
  { file, pos }: { readonly file: string; readonly pos: number },
  { gtid }: MysqlServerFacts,
  signal: AbortSignal,
): Promise<string | null> {
  const name = file.replaceAll("'", "''");
  if (gtid.kind === 'mariadb') {
    const { rows } = await querier.query(`SELECT BINLOG_GTID_POS('${name}', ${pos})`, signal);
    const text = rows[0]?.[0] ?? '';
    return text === '' ? null : MariadbGtidPosition.parse(text).toString();
  }
  if (gtid.kind !== 'mysql' || gtid.mode !== 'ON') return null;
  // MySQL tells it of the beginning of a file, and then one by one.
  const set = new GtidSet();
  for (let from = FIRST_POSITION; from < pos;) {
    const sql = `SHOW BINLOG EVENTS IN '${name}' FROM ${from} LIMIT ${PAGE_EVENTS}`;
    const { rows } = await querier.query(sql, signal);
    for (const [, at, kind, , end, info] of rows) {
      if (Number(at) >= pos) return set.toString();
      const gtids = gtidsOf(kind ?? '', info ?? '');
      if (gtids !== null) set.merge(GtidSet.parse(gtids));
      from = Number(end);
    }
    if (rows.length < PAGE_EVENTS) break;
  }
  return set.toString();
}

const PAGE_EVENTS = 10_000;

function gtidsOf(kind: string, info: string): string | null {
  if (/^previous_gtids$/i.test(kind)) return info;
  return /^gtid/i.test(kind) ? (/GTID_NEXT\s*=\s*'([^']+)'/.exec(info)?.[1] ?? null) : null;
}
