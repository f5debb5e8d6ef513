import { describe, expect, test } from 'vitest';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { ColumnMaskRule } from '../../../../src/config/column-mask-options.ts';
import type { TableSchema } from '../../../../src/model/table-schema.ts';
import { rowColumns } from '../../../../src/model/table-schema.ts';
import { BinlogDecoder } from '../../../../src/source/mysql/binlog/binlog-decoder.ts';
import type { BinlogTable } from '../../../../src/source/mysql/binlog/binlog-table.ts';
import { rowsKind } from '../../../../src/source/mysql/binlog/rows-kind.ts';
import { smallPayload } from '../../../../src/source/mysql/binlog/transaction-payload.ts';
import type { CapturedShape } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { eventsOf, recordedBinlog } from '../../../support/binlog-events.ts';
import {
  catalogOf,
  MARIADB,
  MYSQL,
  runIn,
  tableDefinition,
} from '../../../support/mysql-definitions.ts';

function shape(more: Partial<CapturedShape> = {}): CapturedShape {
  return {
    wantsTable: () => true,
    wantsColumn: () => true,
    masks: [],
    messageKeys: [],
    modes: DEFAULT_MYSQL_VALUE_MODES,
    ...more,
  };
}

function schemaOf(sql: string, more: Partial<CapturedShape> = {}): TableSchema | null {
  const schemas = new MysqlTableSchemas(catalogOf([]), shape(more), MARIADB);
  return schemas.ofDefinition(tableDefinition(sql));
}

describe('a table’s shape', () => {
  test('columns in their order, with types, nullability and constant defaults', () => {
    const schema = schemaOf(
      "CREATE TABLE t (id INT UNSIGNED NOT NULL, v VARCHAR(5) DEFAULT 'x', b BLOB DEFAULT 'y', " +
        'd DATETIME DEFAULT NOW(), PRIMARY KEY (v, id))',
    );
    expect(schema).toMatchObject({
      id: { catalog: 'def', schema: 'g', table: 't' },
      version: 1,
      keyColumns: [1, 0],
    });
    expect(
      schema?.columns.map(({ name, sourceType, schema: { type, optional, default: d } }) => [
        name,
        sourceType,
        type,
        optional,
        d,
      ]),
    ).toEqual([
      ['id', 'int(10) unsigned', 'int64', false, undefined],
      ['v', 'varchar(5)', 'string', false, 'x'],
      ['b', 'blob', 'bytes', true, Buffer.from('y')],
      ['d', 'datetime', 'int64', true, undefined],
    ]);
  });

  test('of sequences and system tables there is none (PITFALLS B109)', () => {
    expect(schemaOf('CREATE SEQUENCE s')).toBeNull();
    expect(schemaOf('CREATE TABLE mysql.t (id INT)')).toBeNull();
    expect(schemaOf('CREATE TABLE t (id INT)', { wantsTable: () => false })).toBeNull();
  });

  test('columns that are left out, but for those of the key', () => {
    const wantsColumn = (): boolean => false;
    const schema = schemaOf('CREATE TABLE t (a INT, id INT PRIMARY KEY)', { wantsColumn });
    expect(schema?.columns).toMatchObject([{ name: 'id', tupleIndex: 1, keyOnly: true }]);
    expect(rowColumns(schema as TableSchema)).toEqual([]);
  });

  test('message.key.columns in place of the key', () => {
    const messageKeys = [{ table: /^g\.t$/, columns: ['b', 'a'] }];
    const schema = schemaOf('CREATE TABLE t (a INT PRIMARY KEY, b INT)', { messageKeys });
    expect([schema?.keyColumns, schema?.ownKeyColumns]).toEqual([[1, 0], [0]]);
    const wrong = [{ table: /t/, columns: ['c'] }];
    expect(() => schemaOf('CREATE TABLE t (a INT)', { messageKeys: wrong })).toThrow(/names c/);
  });
});

describe('masks', () => {
  const rule = (more: object): readonly ColumnMaskRule[] => [
    {
      property: 'column.mask.p.with.salt.SECRET',
      patterns: [/\.v$/],
      ...more,
    } as unknown as ColumnMaskRule,
  ];
  const hash = { kind: 'hash', algorithm: 'sha256', salt: 's', version: 2 };

  test('hide the default, too', () => {
    const masks = rule({ kind: 'constant', length: 3 });
    const sql = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5) DEFAULT 'x')";
    expect(schemaOf(sql, { masks })?.columns[1]).toMatchObject({
      mask: { kind: 'constant', text: '***' },
      schema: { type: 'string', optional: true, parameters: { masked: 'true' } },
    });
    expect(schemaOf(sql, { masks })?.columns[1]?.schema.default).toBeUndefined();
    const cut = schemaOf(sql, { masks: rule({ kind: 'truncate', length: 2 }) })?.columns[1];
    expect([cut?.mask, cut?.schema.default]).toEqual([
      { kind: 'truncate', length: 2, unit: 'character' },
      undefined,
    ]);
    expect(schemaOf(sql, { masks: rule(hash) })?.columns[1]?.mask).toMatchObject({ length: 5 });
  });

  test('the name of the column is told, its type is not', () => {
    const masks = rule(hash);
    const propagateSourceType = [/./];
    const schema = schemaOf('CREATE TABLE t (id INT, v TEXT)', { masks, propagateSourceType });
    expect(schema?.columns.map((column) => column.schema.parameters)).toEqual([
      expect.objectContaining({ '__debezium.source.column.type': 'INT' }),
      { masked: 'true', '__debezium.source.column.name': 'v' },
    ]);
  });

  test.each([
    ['v INT', { kind: 'truncate', length: 2 }, /no characters to cut/],
    ['v BLOB', hash, /has bytes/],
    ['v CHAR(9) PRIMARY KEY', hash, /only 9 digits/],
    ['v CHAR(9) PRIMARY KEY', { kind: 'constant', length: 2 }, /equal keys/],
  ])('%s with %j is refused, and the salt stays hidden', (column, mask, message) => {
    const make = (): unknown => schemaOf(`CREATE TABLE t (${column})`, { masks: rule(mask) });
    expect(make).toThrow(message);
    expect(make).not.toThrow(/SECRET/);
  });
});

test('an unsupported type is named', () => {
  const table = tableDefinition('CREATE TABLE t (id INT)');
  const [id] = table.columns;
  if (id === undefined) throw new Error('no column');
  const odd = { ...table, columns: [{ ...id, type: { ...id.type, base: 'odd' } }] };
  const schemas = new MysqlTableSchemas(catalogOf([]), shape(), MARIADB);
  expect(() => schemas.ofDefinition(odd)).toThrow('g.t.id is of the unsupported type odd');
});

/** The table maps of a recorded binlog, each with what its CREATE TABLE says. */
function recorded(name: 'mysql-9.7' | 'mariadb-10.11'): string[] {
  const server = name === 'mysql-9.7' ? MYSQL : MARIADB;
  const catalog = catalogOf([]);
  const schemas = new MysqlTableSchemas(catalog, shape(), server);
  schemas.setServer(server);
  const decoder = new BinlogDecoder();
  const seen = new Set<string>();
  const take = (): void => {
    if (rowsKind(decoder.type) !== undefined) {
      const table = decoder.openRows() as BinlogTable;
      const schema = schemas.of(table);
      if (schema === null) return;
      while (decoder.nextRow());
      expect(schemas.of(table)).toBe(schema);
      seen.add(`${schema.id.table} ${schema.version} ${schema.columns.length}`);
      return;
    }
    const event = decoder.event();
    if (event.kind === 'query') {
      runIn(catalog, event.sql, server);
      schemas.changed();
    }
    if (event.kind !== 'transaction-payload') return;
    const inner = smallPayload(event) as Buffer;
    for (let at = 0; at < inner.length; at += inner.readUInt32LE(at + 9)) {
      decoder.openInner(inner, at, at + inner.readUInt32LE(at + 9));
      take();
    }
  };
  for (const event of eventsOf(recordedBinlog(name))) {
    decoder.open(event, 0, event.length);
    take();
  }
  return [...seen];
}

describe('every table map of the recorded binlogs fits its definition', () => {
  test.each([
    ['mysql-9.7', ['numbers 1 10', 'texts 1 12', 'times 1 6', 'copied 1 1', 'part 1 1']],
    [
      'mariadb-10.11',
      ['numbers 1 10', 'texts 1 16', 'times 1 6', 'my 1 1', 'sv 1 1', 'copied 1 1'],
    ],
  ] as const)('%s', (name, tables) => {
    expect(recorded(name)).toEqual(tables);
  });
});

test('a version for each real change', () => {
  const catalog = catalogOf(['CREATE TABLE t (id INT)']);
  const schemas = new MysqlTableSchemas(catalog, shape(), MARIADB);
  const now = (): TableSchema | null => {
    const [table] = catalog.tables();
    return table === undefined ? null : schemas.ofDefinition(table);
  };
  const first = now();
  runIn(catalog, 'ALTER TABLE t ENGINE = InnoDB');
  expect(now()).toBe(first);
  runIn(catalog, 'ALTER TABLE t ADD b INT');
  expect(now()?.version).toBe(2);
});
