import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { TableCatalog } from '../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../dialects/mysql/ddl/table-definition.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { MysqlValueModes } from '../../../dialects/mysql/mysql-value-modes.ts';
import { RowImage } from '../../../src/model/row-image.ts';
import type { TableSchema } from '../../../src/model/table-schema.ts';
import { BinlogDecoder } from '../../../src/source/mysql/binlog/binlog-decoder.ts';
import { rowsKind } from '../../../src/source/mysql/binlog/rows-kind.ts';
import { readDefinition } from '../../../src/source/mysql/capture/server-tables.ts';
import {
  selectExpression,
  selectList,
} from '../../../src/source/mysql/snapshot/mysql-select-list.ts';
import { placeColumns, refinedColumns } from '../../../src/source/mysql/stream/binlog-columns.ts';
import { MysqlTableSchemas } from '../../../src/source/mysql/stream/mysql-table-schemas.ts';
import type { BinlogStart } from '../../../src/source/mysql/wire/binlog-commands.ts';
import { BinlogWire } from '../../../src/source/mysql/wire/binlog-wire.ts';
import { readServerFacts } from '../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../src/source/mysql/wire/mysql-session.ts';
import { replicaIdentity } from '../../../src/source/mysql/wire/replica-identity.ts';
import { ResultWire } from '../../../src/source/mysql/wire/result-wire.ts';
import { readTextRow } from '../../../src/source/mysql/wire/text-row.ts';
import { benchOf, BINLOG_OPTIONS, binlogOrigin, WIRES } from '../../rowpath/encoder-harness.ts';
import { freshMysqlDatabase, sharedMysql } from '../../support/mysql-database.ts';
import { binlogEnd, connectionTo } from '../../support/mysql-source.ts';
import type { ColumnCase } from './column-cases.ts';
import { columnCases, LONG_TIME } from './column-cases.ts';

const { signal } = new AbortController();
const { flavor, series } = sharedMysql();
const CASES = columnCases(flavor, series);
const ROWS = Math.max(...CASES.map(({ values }) => values.length)) + 1;

function createStatement(): string {
  const columns = CASES.map(({ name, type }) => `${name} ${type}`);
  return `CREATE TABLE t (id INT PRIMARY KEY, ${columns.join(', ')})`;
}

/** Row n has the n-th value of each column, and the last nothing but NULL. */
function insertStatement(): string {
  const literal = ({ values }: ColumnCase, n: number): string => values[n]?.[0] ?? 'NULL';
  const rows = Array.from({ length: ROWS }, (_, n) => {
    return `(${[String(n), ...CASES.map((each) => literal(each, n))].join(', ')})`;
  });
  return `INSERT INTO t VALUES ${rows.join(', ')}`;
}

function copyOf(image: RowImage): RowImage {
  const copy = new RowImage();
  copy.copyFrom(image);
  return copy;
}

/** Rows of the table as a snapshot selects them. */
async function selected(definition: TableDefinition, schema: TableSchema): Promise<RowImage[]> {
  const session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  await session.query("SET time_zone = '+00:00'");
  await using wire = new ResultWire(session);
  const rows: RowImage[] = [];
  const image = new RowImage();
  const from = `${definition.database}.t`;
  await wire.read(`SELECT ${selectList(definition, schema)} FROM ${from} ORDER BY id`, {
    data: (bytes, start, end) => {
      readTextRow(bytes, start, end, image, definition.columns.length);
      rows.push(copyOf(image));
      return undefined;
    },
    settle: () => undefined,
  });
  return rows;
}

/** Rows of the table as the binlog has them. */
async function streamed(definition: TableDefinition, start: BinlogStart): Promise<RowImage[]> {
  const replica = replicaIdentity(randomBytes(6).toString('hex'), undefined, {
    serverId: 0,
    replicas: null,
  });
  const settings = { replica, heartbeatMs: 5000, netWriteTimeoutSeconds: 60, annotateRows: false };
  const dump = { ...settings, start, stopAtEnd: true };
  await using wire = await BinlogWire.connect(connectionTo(sharedMysql()), dump, signal);
  const decoder = new BinlogDecoder('crc32');
  const rows: RowImage[] = [];
  const receiver = {
    event: (bytes: Buffer, from: number, to: number): undefined => {
      decoder.open(bytes, from, to);
      if (rowsKind(decoder.type) === undefined) {
        decoder.event();
        return;
      }
      const table = decoder.openRows();
      if (table?.schema !== definition.database) return;
      table.refine(refinedColumns(table, placeColumns(table, definition)));
      while (decoder.nextRow()) rows.push(copyOf(decoder.after));
    },
    settle: () => undefined,
  };
  await wire.stream(receiver, signal);
  return rows;
}

function schemaOf(definition: TableDefinition, modes: Partial<MysqlValueModes>): TableSchema {
  const isOfDay = modes.timePrecision === 'connect' || modes.timePrecision === 'isostring';
  const schemas = new MysqlTableSchemas(
    new TableCatalog(0),
    {
      wantsTable: () => true,
      wantsColumn: (_database, _table, column) => !(isOfDay && column === LONG_TIME),
      masks: [],
      messageKeys: [],
      modes: { ...DEFAULT_MYSQL_VALUE_MODES, ...modes },
    },
    { flavor, version: 0 },
  );
  const schema = schemas.ofDefinition(definition);
  if (schema === null) throw new Error('not captured');
  return schema;
}

/** Records of a row: equal by both paths, and for the two sources of rows. */
async function recordsOf(
  schema: TableSchema,
  pairs: readonly (readonly [RowImage, RowImage])[],
): Promise<string[]> {
  let payloads: string[] = [];
  for (const wire of WIRES) {
    const bench = await benchOf(schema, wire, BINLOG_OPTIONS);
    const recorded = pairs.map(([read, logged]) => {
      const [fromSelect, fromLog] = [read, logged].map((after) => {
        const change = { ...binlogOrigin(), op: 'c', table: schema, before: null, after } as const;
        const compiled = bench.compiled(change);
        expect(compiled).toEqual(bench.general(change));
        return compiled;
      });
      expect(fromSelect).toEqual(fromLog);
      return fromLog?.[0]?.value ?? '';
    });
    if (wire.name === 'JSON') payloads = recorded;
  }
  return payloads;
}

/** Numbers as their own text, so that no digit is lost. */
function afterOf(payload: string): Record<string, unknown> {
  const textual = (
    _name: string,
    value: unknown,
    context?: { readonly source: string },
  ): unknown => (typeof value === 'number' ? context?.source : value);
  const parsed: unknown = JSON.parse(payload, textual);
  return (parsed as { after: Record<string, unknown> }).after;
}

const MODES: readonly Partial<MysqlValueModes>[] = [
  ...(['connect', 'isostring', 'microseconds', 'nanoseconds', 'structured'] as const).map(
    (timePrecision) => ({ timePrecision }),
  ),
  { binary: 'hex', decimal: 'string', bigintUnsigned: 'precise', tinyIntOne: 'boolean' },
  { binary: 'base64-url-safe', decimal: 'double', release: '3.7' },
];

test(
  'every type: the same by SELECT and binlog, by both encoders, and as it should be ' +
    '(PITFALLS B63, B64, B66, B67, B68, B69, B70, B72, B73, B74, B75, B76, B80, B85, B86)',
  async () => {
    await using database = await freshMysqlDatabase();
    const { file } = await binlogEnd(sharedMysql());
    await database.query(
      `SET SESSION sql_mode = '', time_zone = '+00:00'; ${createStatement()}; ${insertStatement()}`,
    );
    await using session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
    const facts = await readServerFacts(session);
    const table = { database: database.name, name: 't' };
    const definition = await readDefinition(session, facts, table, signal);
    if (definition === null) throw new Error('no table');
    const schema = schemaOf(definition, {});
    const reads = await selected(definition, schema);
    const logs = await streamed(definition, file);
    expect([reads.length, logs.length]).toEqual([ROWS, ROWS]);
    const pairs = reads.map((read, n) => [read, logs[n] as RowImage] as const);
    definition.columns.forEach((column, i) => {
      // The one type whose texts differ, as both are those of the same 32 bits.
      if (column.type.base === 'float') return;
      const [selects, binlog] = [0, 1].map((of) =>
        pairs.map((pair) => pair[of]?.text(i, 'latin1')),
      );
      expect([selectExpression(column), selects]).toEqual([selectExpression(column), binlog]);
    });
    const payloads = await recordsOf(schema, pairs);
    const shown = payloads.map(afterOf);
    for (const { name, type, values } of CASES) {
      const expected = Array.from({ length: ROWS }, (_, n) => values[n]?.[1] ?? null);
      expect(
        shown.map((after) => after[name]),
        `${name} ${type}`,
      ).toEqual(expected);
    }
    for (const modes of MODES) await recordsOf(schemaOf(definition, modes), pairs);
  },
);
