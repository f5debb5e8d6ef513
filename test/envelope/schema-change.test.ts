import { describe, expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { SCHEMA_CHANGE_SCHEMAS, schemaChangeRecord } from '../../src/envelope/schema-change.ts';
import type { SchemaStatement } from '../../src/model/change-event.ts';
import type { DescribedColumn } from '../../src/model/described-table.ts';
import { BINLOG_OPTIONS, binlogOrigin } from '../rowpath/encoder-harness.ts';

const ID: DescribedColumn = {
  name: 'id',
  jdbcType: 4,
  typeName: 'INT',
  typeExpression: 'INT',
  charsetName: null,
  length: 11,
  position: 1,
  optional: false,
  autoIncremented: false,
  generated: false,
  comment: null,
  enumValues: [],
};
const CREATED: SchemaStatement = {
  origin: binlogOrigin({ thread: null }),
  database: 'golden',
  tables: ['t_new'],
  ddl: "CREATE TABLE t_new (id int PRIMARY KEY, d_enum enum('a','b') DEFAULT 'b')",
  changes: [
    {
      type: 'CREATE',
      id: '"golden"."t_new"',
      comment: null,
      table: {
        defaultCharsetName: 'utf8mb4',
        primaryKeyColumnNames: ['id'],
        columns: [
          ID,
          {
            ...ID,
            name: 'd_enum',
            jdbcType: 1,
            typeName: 'ENUM',
            typeExpression: 'ENUM',
            charsetName: 'utf8mb4',
            length: 1,
            position: 2,
            optional: true,
            defaultValueExpression: 'b',
            enumValues: ["'a'", "'b'"],
          },
        ],
      },
    },
  ],
};

async function jsonOf(
  statement: SchemaStatement,
  connector: 'mysql' | 'mariadb' = 'mysql',
): Promise<{ key: unknown; value: Record<string, unknown> }> {
  const options = { ...BINLOG_OPTIONS, connector };
  const { key, value } = schemaChangeRecord(statement, options, 1_795_251_884_932_999n);
  const converter = new JsonConverter({ schemasEnable: false });
  const schemas = SCHEMA_CHANGE_SCHEMAS[connector];
  const text = async (struct: typeof key, schema: typeof schemas.key): Promise<unknown> =>
    JSON.parse(String(converter.fromConnect(await converter.prepare('t', schema), struct)));
  return {
    key: await text(key, schemas.key),
    value: (await text(value, schemas.value)) as Record<string, unknown>,
  };
}

describe('the record of a schema change', () => {
  test('a table as Debezium 3.6 describes it', async () => {
    const { key, value } = await jsonOf(CREATED);
    expect(key).toEqual({ databaseName: 'golden' });
    expect(Object.keys(value)).toEqual([
      'source',
      'ts_ms',
      'databaseName',
      'schemaName',
      'ddl',
      'tableChanges',
    ]);
    expect(value).toMatchObject({
      source: { db: 'golden', table: 't_new', row: 0, thread: null },
      ts_ms: 1795251884932,
      databaseName: 'golden',
      schemaName: null,
    });
    const described = {
      nativeType: null,
      scale: null,
      autoIncremented: false,
      generated: false,
      comment: null,
    };
    expect(value['tableChanges']).toEqual([
      {
        type: 'CREATE',
        id: '"golden"."t_new"',
        table: {
          defaultCharsetName: 'utf8mb4',
          primaryKeyColumnNames: ['id'],
          columns: [
            {
              ...described,
              name: 'id',
              jdbcType: 4,
              typeName: 'INT',
              typeExpression: 'INT',
              charsetName: null,
              length: 11,
              position: 1,
              optional: false,
              defaultValueExpression: null,
              enumValues: null,
            },
            {
              ...described,
              name: 'd_enum',
              jdbcType: 1,
              typeName: 'ENUM',
              typeExpression: 'ENUM',
              charsetName: 'utf8mb4',
              length: 1,
              position: 2,
              optional: true,
              defaultValueExpression: 'b',
              enumValues: ["'a'", "'b'"],
            },
          ],
          comment: null,
        },
      },
    ]);
  });

  test('a dropped table is told without its shape', async () => {
    const changes = [{ type: 'DROP', id: '"golden"."t_drop"' }] as const;
    const { value } = await jsonOf({ ...CREATED, tables: ['t_drop'], changes });
    expect(value['tableChanges']).toEqual([{ ...changes[0], table: null }]);
  });

  test.each([
    ['several tables', ['a', 'b'], 'a,b'],
    ['an index: no table is told', [], ''],
    ['a database', null, null],
  ])('%s', async (_name, tables, table) => {
    const { value } = await jsonOf({ ...CREATED, tables, changes: [] });
    expect(value).toMatchObject({ source: { table }, tableChanges: [] });
  });

  test.each(['mysql', 'mariadb'] as const)('names of the schemas of %s', (connector) => {
    const { key, value } = SCHEMA_CHANGE_SCHEMAS[connector];
    const prefix = `io.debezium.connector.${connector}`;
    expect([key.name, key.version]).toEqual([`${prefix}.SchemaChangeKey`, 1]);
    expect([value.name, value.version]).toEqual([`${prefix}.SchemaChangeValue`, 1]);
    expect(value.fields?.[0]?.schema.name).toBe(`${prefix}.Source`);
  });
});
