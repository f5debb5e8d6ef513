import { describe, expect, test } from 'vitest';
import type { ColumnMaskRule } from '../../../../src/config/column-mask-options.ts';
import type { ConnectSchema } from '../../../../src/model/connect-schema.ts';
import type { ColumnSchema, TableSchema } from '../../../../src/model/table-schema.ts';
import { idleMasks, maskColumns } from '../../../../src/source/postgres/capture/column-masking.ts';
import { columnInfo } from '../../../support/table-fixtures.ts';

const hidden = { property: 'column.mask.with.4.chars', kind: 'constant', length: 4 } as const;
const cut = { property: 'column.truncate.to.5.chars', kind: 'truncate', length: 5 } as const;
const digest = {
  property: 'column.mask.hash.v2.SHA-256.with.salt.s',
  kind: 'hash',
  algorithm: 'sha256',
  salt: 's',
  version: 2,
} as const;

function column(name: string, at: number, more: Partial<ColumnSchema> = {}): ColumnSchema {
  return {
    name,
    schema: { type: 'string', optional: true },
    format: { kind: 'string' },
    tupleIndex: at,
    sourceType: 'text',
    identity: false,
    ...more,
  };
}

const INTEGER: Partial<ColumnSchema> = {
  schema: {
    type: 'int32',
    optional: false,
    default: 7,
    parameters: { '__tidemark.source.type': 'integer' },
  },
  format: { kind: 'integer' },
  sourceType: 'integer',
};

function apply(
  rule: typeof hidden | typeof cut | typeof digest,
  columns: readonly ColumnSchema[],
  typmod = -1,
): { schema: TableSchema; problems: string[] } {
  const table: TableSchema = {
    id: { catalog: 'db', schema: 'public', table: 't' },
    version: 1,
    columns,
    keyColumns: [0],
    replicaIdentity: 'default',
  };
  const infos = columns.map(({ name }) => columnInfo(name, { typmod }));
  const rules: ColumnMaskRule[] = [{ ...rule, patterns: [/^public\.t\.x$/] }];
  const { schema, problems } = maskColumns(table, infos, rules);
  return { schema, problems: problems.map(({ message }) => message) };
}

const schemaOf = ({ schema }: { schema: TableSchema }, index: number): ConnectSchema | undefined =>
  schema.columns[index]?.schema;

describe('a mask', () => {
  test('makes a text of any type, without the default that it would show', () => {
    const masked = apply(hidden, [column('id', 0), column('x', 1, INTEGER)]);
    expect(masked.problems).toEqual([]);
    expect(schemaOf(masked, 1)).toEqual({
      type: 'string',
      optional: false,
      parameters: { masked: 'true' },
    });
    expect(masked.schema.columns[1]).toMatchObject({
      format: { kind: 'string' },
      mask: { kind: 'constant', text: '****' },
    });
    expect(masked.schema.columns[0]).toEqual(column('id', 0));
  });

  test('of the key is refused: all rows would be one', () => {
    const { problems } = apply(hidden, [column('x', 0, INTEGER)]);
    expect(problems).toEqual([
      'column.mask.with.4.chars: public.t.x belongs to the key, and different rows would have ' +
        'equal keys',
    ]);
  });
});

describe('a hash', () => {
  test('is as long as the column, also in the key where it is long enough', () => {
    const type = { sourceType: 'character varying(40)' };
    const masked = apply(digest, [column('x', 0, type)], 44);
    expect(masked.problems).toEqual([]);
    expect(masked.schema.columns[0]?.mask).toMatchObject({ kind: 'hash', length: 40 });
  });

  test('whose digits a short key would lose is refused', () => {
    const { problems } = apply(
      digest,
      [column('x', 0, { sourceType: 'character varying(8)' })],
      12,
    );
    expect(problems).toEqual([expect.stringContaining('only 8 digits fit')]);
  });

  test('of a number is whole', () => {
    const masked = apply(digest, [column('x', 0, INTEGER)]);
    expect(masked.problems).toEqual([]);
    expect(masked.schema.columns[0]?.mask).toMatchObject({ length: null });
  });
});

describe('truncation', () => {
  test('cuts the default too and tells the length', () => {
    const schema: ConnectSchema = { type: 'string', optional: true, default: 'abcdefgh' };
    const masked = apply(cut, [column('id', 0), column('x', 1, { schema })]);
    expect(schemaOf(masked, 1)).toEqual({
      type: 'string',
      optional: true,
      parameters: { truncateLength: '5' },
      default: 'abcde',
    });
  });

  test('counts bytes in bytea', () => {
    const schema: ConnectSchema = { type: 'bytes', optional: true, default: Buffer.alloc(9) };
    const bytea = { schema, format: { kind: 'bytea', encoding: 'bytes' }, sourceType: 'bytea' };
    const masked = apply(cut, [column('id', 0), column('x', 1, bytea as Partial<ColumnSchema>)]);
    expect(masked.schema.columns[1]?.mask).toEqual({ kind: 'truncate', length: 5, unit: 'byte' });
    expect(schemaOf(masked, 1)?.default).toEqual(Buffer.alloc(5));
  });

  test('of a number is refused', () => {
    const { problems } = apply(cut, [column('id', 0), column('x', 1, INTEGER)]);
    expect(problems).toEqual([
      'column.truncate.to.5.chars: public.t.x is of type integer, which has neither characters ' +
        'nor bytes to cut',
    ]);
  });

  test('of the key is refused', () => {
    expect(apply(cut, [column('x', 0)]).problems).toEqual([
      expect.stringContaining('belongs to the key'),
    ]);
  });
});

test('a pattern that names no column is told, without the salt', () => {
  const rules: ColumnMaskRule[] = [
    { ...hidden, patterns: [/^(?:public\.t\.x)$/i, /^(?:public\.t\.emial)$/i] },
    { ...digest, patterns: [/^(?:public\.person\..*)$/i] },
  ];
  expect(idleMasks(rules, ['public.t.x', 'public.person_p1.mail'])).toEqual([
    expect.stringMatching(/^column\.mask\.with\.4\.chars: public\\\.t\\\.emial names no column/),
    expect.stringMatching(/^column\.mask\.hash\.v2\.SHA-256\.with\.salt\.…: public\\\.person/),
  ]);
});

test('a refusal does not show the salt', () => {
  const short = [column('x', 0, { sourceType: 'character varying(8)' })];
  const [problem] = apply(digest, short, 12).problems;
  expect(problem).toContain(
    'column.mask.hash.v2.SHA-256.with.salt.…: public.t.x belongs to the key',
  );
});
