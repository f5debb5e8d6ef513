import { expect, test } from 'vitest';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { ColumnConverter, ColumnFacts } from '../../../../src/model/column-converter.ts';
import type { ColumnSchema } from '../../../../src/model/table-schema.ts';
import { ColumnConversions } from '../../../../src/source/column-conversions.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import type { CapturedShape } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { catalogOf, MARIADB, tableDefinition } from '../../../support/mysql-definitions.ts';

function schemasWith(convert: ColumnConverter, more: Partial<CapturedShape> = {}) {
  const loaded = { name: 'mine', module: './m.ts', file: '/m.ts', selector: null, properties: {} };
  const shape: CapturedShape = {
    wantsTable: () => true,
    wantsColumn: () => true,
    masks: [],
    messageKeys: [],
    modes: DEFAULT_MYSQL_VALUE_MODES,
    conversions: new ColumnConversions([{ ...loaded, convert }]),
    ...more,
  };
  return new MysqlTableSchemas(catalogOf([]), shape, MARIADB);
}

function columnOf(sql: string, convert: ColumnConverter): ColumnSchema | undefined {
  const table = tableDefinition(`CREATE TABLE t (${sql})`);
  return schemasWith(convert).ofDefinition(table)?.columns[0];
}

function converted(column: ColumnSchema | undefined, text: string): unknown {
  return column?.format.kind === 'custom' ? column.format.convert(text) : undefined;
}

test('a converter is told the facts of a column', () => {
  const seen: ColumnFacts[] = [];
  const convert: ColumnConverter = (facts) => {
    seen.push(facts);
    return null;
  };
  columnOf("price DECIMAL(10,2) UNSIGNED NOT NULL DEFAULT 1.5, b BIT(3) DEFAULT b'1'", convert);
  columnOf("v VARCHAR(9) DEFAULT 'it''s', d DATETIME(3) DEFAULT NOW(3)", convert);
  expect(seen[0]).toEqual({
    name: 'price',
    database: 'def',
    schema: 'g',
    table: 't',
    type: 'decimal(10,2) unsigned',
    typeName: 'decimal',
    length: 10,
    scale: 2,
    optional: false,
    default: "'1.50'",
  });
  expect(seen.slice(1).map((facts) => facts.default)).toEqual([
    "b'1'",
    "'it''s'",
    'CURRENT_TIMESTAMP(3)',
  ]);
});

test('its schema and function take the place of the type’s', () => {
  const column = columnOf('v VARCHAR(9)', () => ({
    schema: { type: 'int32' },
    convert: (text) => text.length,
  }));
  expect(column?.schema).toEqual({ type: 'int32', optional: true });
  expect(converted(column, 'four')).toBe(4);
});

test('of bytes it gets hexadecimal digits, as PostgreSQL prints them (PITFALLS B80)', () => {
  const column = columnOf('b BINARY(2)', () => ({
    schema: { type: 'string' },
    convert: (text) => text,
  }));
  expect(column?.format).toMatchObject({ kind: 'custom', isRaw: true });
  expect(converted(column, '\u00ff\n')).toBe('\\xff0a');
});

test('what a mask hides is not shown to it, and equal answers make no new version', () => {
  const table = tableDefinition('CREATE TABLE t (b BLOB, v VARCHAR(9))');
  const asked: string[] = [];
  const convert: ColumnConverter = ({ name }) => {
    asked.push(name);
    return { schema: { type: 'string' }, convert: (text) => text };
  };
  const mask = { property: 'p', patterns: [/\.v$/], kind: 'constant', length: 3 } as const;
  const schemas = schemasWith(convert, { masks: [mask] });
  const first = schemas.ofDefinition(table);
  expect(asked).toEqual(['b']);
  schemas.changed();
  expect(schemas.ofDefinition(table)).toBe(first);
});
