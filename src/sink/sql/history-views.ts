import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { HISTORY_ABSENT, HISTORY_KEY, HISTORY_METADATA } from './history-columns.ts';

/** A history, as its views see it. */
export interface HistoryShape {
  readonly table: TargetName;
  /** The source's columns, in the table's order. */
  readonly columns: readonly string[];
  /** Those of the key; empty: rows have none. */
  readonly key: readonly string[];
}

/** Columns of the view of versions, beside those of the change and of the source. */
export const VALIDITY = {
  fromPosition: '_valid_from_pos',
  from: '_valid_from',
  toPosition: '_valid_to_pos',
  to: '_valid_to',
} as const;

const TIME = '_cdc_source_ts';

/** Names that the queries need themselves: of rows (letters), and of columns beside the table's. */
type OwnNames = Readonly<Record<(typeof OWN_NAMES)[number], string>>;
const OWN_NAMES = [
  ...(['h', 'e', 'n', 'v', 't', 'p', 'd'] as const),
  ...(['nextPos', 'nextTs', 'gonePos', 'era', 'nth'] as const),
];

/**
 * Each is other than any column of the table. SQLite takes the first of two columns of one name, so
 * versions of a table with a column `next_pos` would end anywhere; DuckDB looks in a column `v` for
 * the field x of `v."x"`; the servers refuse the view.
 */
function ownNames(columns: readonly string[]): OwnNames {
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  const named = OWN_NAMES.map((own) => [own, free(own.replace(/[A-Z]/, '_$&').toLowerCase())]);
  return Object.fromEntries(named) as OwnNames;
}

/** What the builders below are told: how names are written, and what is one row. */
class HistorySql {
  readonly dialect: TargetDialect;
  readonly shape: HistoryShape;
  readonly from: string;
  readonly own: OwnNames;

  constructor(dialect: TargetDialect, shape: HistoryShape) {
    this.dialect = dialect;
    this.shape = shape;
    this.from = dialect.qualify(shape.table);
    this.own = ownNames(shape.columns);
  }

  column(alias: string, name: string): string {
    return `${alias}.${this.dialect.quote(name)}`;
  }

  position(alias: string): string {
    return this.dialect.byBytes(this.column(alias, HISTORY_KEY.position));
  }

  source(alias: string): string {
    return this.column(alias, HISTORY_KEY.source);
  }

  is(alias: string, name: string, value: string): string {
    return `${this.column(alias, name)} = '${value}'`;
  }

  /** A truncate stands before the rows of its own position. */
  order(alias: string, direction: 'ASC' | 'DESC'): string {
    const op = this.column(alias, HISTORY_KEY.op);
    const rank = `CASE ${op} WHEN 't' THEN 0 WHEN 'd' THEN 1 ELSE 2 END`;
    return `${this.position(alias)} ${direction}, ${rank} ${direction}`;
  }

  /** The position of the next truncate of the source: what was there before it is gone then. */
  goneAt(): string {
    const { h } = this.own;
    const truncated = this.is(h, HISTORY_KEY.op, 't');
    return (
      `MIN(CASE WHEN ${truncated} THEN ${this.position(h)} END) OVER (` +
      `PARTITION BY ${this.source(h)} ORDER BY ${this.order(h, 'DESC')} ` +
      'ROWS UNBOUNDED PRECEDING)'
    );
  }

  /** True where the change of `alias` did not carry the column. */
  lacks(alias: string, name: string): string {
    const list = this.column(alias, HISTORY_ABSENT);
    const entry = this.dialect.literal(JSON.stringify(name));
    return `(${list} IS NOT NULL AND REPLACE(${list}, ${entry}, '') <> ${list})`;
  }

  sameRow(left: string, right: string): string {
    return [HISTORY_KEY.source, ...this.shape.key]
      .map((name) => `${this.column(left, name)} = ${this.column(right, name)}`)
      .join(' AND ');
  }
}

/**
 * The versions of all rows: from which change on each was as it is, and up to which. Values that
 * updates did not carry are those of the version before, if the history has them.
 */
export function versionsQuery(dialect: TargetDialect, shape: HistoryShape): string {
  const sql = new HistorySql(dialect, shape);
  return shape.key.length > 0 ? keyedVersions(sql) : keylessVersions(sql);
}

/** The rows as they are now. */
export function currentQuery(
  dialect: TargetDialect,
  shape: HistoryShape,
  versions: TargetName,
): string {
  const names = [VALIDITY.fromPosition, VALIDITY.from, ...shape.columns];
  const open = `${dialect.quote(VALIDITY.toPosition)} IS NULL`;
  return `SELECT ${names.map((name) => dialect.quote(name)).join(', ')}
FROM ${dialect.qualify(versions)} WHERE ${open}`;
}

/** Names in the order of the view, each as SQL of a version; `valueOf` says where values are. */
function versionColumns(
  sql: HistorySql,
  until: { readonly position: string; readonly time: string },
  valueOf: (name: string) => string,
): string {
  const { dialect } = sql;
  const { v } = sql.own;
  const as = (text: string, name: string): string => `${text} AS ${dialect.quote(name)}`;
  const own = [...HISTORY_METADATA.map(({ name }) => name), HISTORY_ABSENT];
  return [
    sql.source(v),
    sql.column(v, HISTORY_KEY.op),
    as(sql.column(v, HISTORY_KEY.position), VALIDITY.fromPosition),
    as(sql.column(v, TIME), VALIDITY.from),
    as(until.position, VALIDITY.toPosition),
    as(until.time, VALIDITY.to),
    ...own.filter((name) => name !== TIME).map((name) => sql.column(v, name)),
    ...sql.shape.columns.map((name) => as(valueOf(name), name)),
  ].join(',\n  ');
}

function truncatedAt(sql: HistorySql): string {
  const { t, v, gonePos } = sql.own;
  return (
    `(SELECT MIN(${sql.column(t, TIME)}) FROM ${sql.from} ${t} WHERE ` +
    `${sql.source(t)} = ${sql.source(v)} AND ${sql.position(t)} = ${v}.${gonePos} ` +
    `AND ${sql.is(t, HISTORY_KEY.op, 't')})`
  );
}

function keyedVersions(sql: HistorySql): string {
  const { key } = sql.shape;
  const { h, v, nextPos, nextTs, gonePos } = sql.own;
  const partition = [sql.source(h), ...key.map((name) => sql.column(h, name))].join(', ');
  const next = `OVER (PARTITION BY ${partition} ORDER BY ${sql.order(h, 'ASC')})`;
  const isTruncated = `${v}.${nextPos} IS NULL OR ${v}.${gonePos} < ${v}.${nextPos}`;
  const columns = versionColumns(
    sql,
    {
      position: `CASE WHEN ${isTruncated} THEN ${v}.${gonePos} ELSE ${v}.${nextPos} END`,
      time: `CASE WHEN ${isTruncated} THEN ${truncatedAt(sql)} ELSE ${v}.${nextTs} END`,
    },
    (name) => (key.includes(name) ? sql.column(v, name) : knownValue(sql, name)),
  );
  const after = sql.is(h, HISTORY_KEY.image, 'after');
  return `SELECT ${columns}
FROM (SELECT ${h}.*, LEAD(${sql.position(h)}) ${next} AS ${nextPos},
    LEAD(${sql.column(h, TIME)}) ${next} AS ${nextTs},
    ${sql.goneAt()} AS ${gonePos}
  FROM ${sql.from} ${h} WHERE ${after} OR ${sql.column(h, HISTORY_KEY.op)} <> 'u') ${v}
WHERE ${sql.is(v, HISTORY_KEY.image, 'after')}`;
}

/**
 * The value of a version, or that of the last one before it that carried the column. The search
 * ends where the row was not there: what had its key before is another row.
 */
function knownValue(sql: HistorySql, name: string): string {
  const { position } = HISTORY_KEY;
  const { d, p, v } = sql.own;
  const gap =
    `SELECT 1 FROM ${sql.from} ${d} WHERE ${sql.sameRow(d, v)} AND ` +
    `${sql.is(d, HISTORY_KEY.op, 'd')} AND ${sql.position(d)} > ${sql.column(p, position)} ` +
    `AND ${sql.position(d)} <= ${sql.column(v, position)}`;
  const found =
    `SELECT ${sql.column(p, name)} FROM ${sql.from} ${p} WHERE ${sql.sameRow(p, v)} AND ` +
    `${sql.is(p, HISTORY_KEY.image, 'after')} AND ` +
    `${sql.position(p)} < ${sql.column(v, position)} AND NOT ${sql.lacks(p, name)} ` +
    `AND NOT EXISTS (${gap}) ORDER BY ${sql.position(p)} DESC LIMIT 1`;
  return `CASE WHEN ${sql.lacks(v, name)} THEN (${found}) ELSE ${sql.column(v, name)} END`;
}

/**
 * Rows without key are a multiset: of equal rows the n-th that was removed is taken for the n-th
 * that was added, since the last truncate. Any other pairing ends in the same rows at any time.
 */
function keylessVersions(sql: HistorySql): string {
  const { columns } = sql.shape;
  const { h, e, n, v, era, nth, nextPos, nextTs, gonePos } = sql.own;
  const of = (alias: string): string =>
    sql.dialect.rowIdentity(columns.map((name) => sql.column(alias, name)));
  const truncated = sql.is(h, HISTORY_KEY.op, 't');
  const eraOf =
    `SUM(CASE WHEN ${truncated} THEN 1 ELSE 0 END) OVER (` +
    `PARTITION BY ${sql.source(h)} ORDER BY ${sql.order(h, 'ASC')} ROWS UNBOUNDED PRECEDING)`;
  const image = sql.column(e, HISTORY_KEY.image);
  const nthOf =
    `ROW_NUMBER() OVER (PARTITION BY ${sql.source(e)}, ${e}.${era}, ${image}, ${of(e)} ` +
    `ORDER BY ${sql.position(e)}, ${sql.column(e, HISTORY_KEY.row)})`;
  const removed = sql.is(n, HISTORY_KEY.image, 'before');
  const pair = `OVER (PARTITION BY ${sql.source(n)}, ${n}.${era}, ${n}.${nth}, ${of(n)})`;
  const text = versionColumns(
    sql,
    {
      position: `CASE WHEN ${v}.${nextPos} IS NULL THEN ${v}.${gonePos} ELSE ${v}.${nextPos} END`,
      time: `CASE WHEN ${v}.${nextPos} IS NULL THEN ${truncatedAt(sql)} ELSE ${v}.${nextTs} END`,
    },
    (name) => sql.column(v, name),
  );
  return `SELECT ${text}
FROM (SELECT ${n}.*,
    MAX(CASE WHEN ${removed} THEN ${sql.position(n)} END) ${pair} AS ${nextPos},
    MAX(CASE WHEN ${removed} THEN ${sql.column(n, TIME)} END) ${pair} AS ${nextTs}
  FROM (SELECT ${e}.*, ${nthOf} AS ${nth}
    FROM (SELECT ${h}.*, ${eraOf} AS ${era}, ${sql.goneAt()} AS ${gonePos}
      FROM ${sql.from} ${h}) ${e}
    WHERE ${sql.column(e, HISTORY_KEY.image)} <> 'none') ${n}) ${v}
WHERE ${sql.is(v, HISTORY_KEY.image, 'after')}`;
}
