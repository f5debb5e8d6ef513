import { describe, expect, test } from 'vitest';
import type { PublicationInput } from '../../../../src/source/postgres/capture/postgres-publication.ts';
import {
  planPublication,
  publicationNamesOption,
} from '../../../../src/source/postgres/capture/postgres-publication.ts';
import { publicationInfo } from '../../../support/catalog-fixtures.ts';
import { capturedTable, tableInfo } from '../../../support/table-fixtures.ts';

const orders = capturedTable(tableInfo({ oid: 1, name: 'orders' }), { sent: ['id', 'note'] });
const odd = capturedTable(tableInfo({ oid: 2, schema: 'a.b', name: 'It"s' }), { sent: ['id'] });
const whole = { schema: 'public', table: 'orders', columns: ['id', 'note'], rowFilter: null };

const current = publicationInfo;

function plan(
  more: Partial<Omit<PublicationInput, 'options'>> & {
    readonly options?: Partial<PublicationInput['options']>;
  },
): ReturnType<typeof planPublication> {
  return planPublication({
    version: 180_000,
    inRecovery: false,
    current: null,
    published: [],
    tables: [orders],
    ...more,
    options: {
      publicationName: 'tidemark',
      publicationAutocreateMode: 'filtered',
      publishViaPartitionRoot: false,
      skippedOperations: [],
      ...more.options,
    },
  });
}

const ALL = "publish = 'insert, update, delete, truncate', publish_via_partition_root = false";

describe('a publication that is missing', () => {
  test('filtered: made for exactly the captured tables, names quoted', () => {
    expect(plan({ tables: [orders, odd] }).statements).toEqual([
      'CREATE PUBLICATION "tidemark" FOR TABLE ONLY "public"."orders", ONLY "a.b"."It""s" ' +
        `WITH (${ALL})`,
    ]);
  });

  test('column lists stand where columns are excluded; a root has no ONLY', () => {
    const root = { ...orders, info: tableInfo({ kind: 'partitioned' }), columnList: ['id'] };
    expect(
      plan({ tables: [root], options: { publishViaPartitionRoot: true } }).statements[0],
    ).toContain('FOR TABLE "public"."orders" ("id") WITH');
  });

  test('skipped operations are not published', () => {
    const options = { skippedOperations: ['t', 'd'] as const };
    expect(plan({ options }).statements[0]).toContain(`publish = 'insert, update'`);
    const updates = { skippedOperations: ['u'] as const };
    expect(plan({ options: updates }).statements[0]).toContain(`publish = 'insert, update, delete`);
    const onlyInserts = { skippedOperations: ['u', 'd', 't'] as const };
    expect(plan({ options: onlyInserts }).statements[0]).toContain(`publish = 'insert'`);
    const told = { ...options, publishSkipped: true };
    expect(plan({ options: told }).statements[0]).toContain(ALL);
  });

  test('generated columns are named where asked for, and only from 18 on', () => {
    const options = { publishGeneratedColumns: 'stored' } as const;
    expect(plan({ options }).statements[0]).toContain(
      `(${ALL}, publish_generated_columns = stored)`,
    );
    expect(plan({ options, version: 170_000 }).statements[0]).toContain(`(${ALL})`);
  });

  test('all_tables and no_tables', () => {
    const all = plan({ options: { publicationAutocreateMode: 'all_tables' } });
    expect(all.statements).toEqual([`CREATE PUBLICATION "tidemark" FOR ALL TABLES WITH (${ALL})`]);
    const none = plan({ options: { publicationAutocreateMode: 'no_tables' }, tables: [] });
    expect(none.statements).toEqual([`CREATE PUBLICATION "tidemark" WITH (${ALL})`]);
  });

  test('disabled, or on a standby: refused with the statement', () => {
    const disabled = plan({ options: { publicationAutocreateMode: 'disabled' } });
    expect(disabled.statements).toEqual([]);
    expect(disabled.problems[0]?.code).toBe('PG_PUBLICATION');
    expect(disabled.problems[0]?.cure).toContain('CREATE PUBLICATION "tidemark" FOR TABLE ONLY');
    expect(plan({ inRecovery: true }).problems[0]?.cure).toContain('On the primary: CREATE');
  });
});

describe('a publication that exists', () => {
  test('is left alone when it sends exactly the captured tables', () => {
    expect(plan({ current: current(), published: [whole] })).toEqual({
      statements: [],
      problems: [],
      warnings: [],
    });
  });

  test.each([
    ['a table is missing', []],
    ['a table is too many', [whole, { ...whole, table: 'more' }]],
    ['a column is missing', [{ ...whole, columns: ['id'] }]],
    ['a column is too many', [{ ...whole, columns: ['id', 'note', 'secret'] }]],
  ])('is set when %s', (_, published) => {
    expect(plan({ current: current(), published }).statements).toEqual([
      'ALTER PUBLICATION "tidemark" SET TABLE ONLY "public"."orders"',
    ]);
  });

  test('keeps row filters when it is set', () => {
    const published = [{ ...whole, columns: ['id'], rowFilter: '(id > 5)' }];
    expect(plan({ current: current(), published }).statements).toEqual([
      'ALTER PUBLICATION "tidemark" SET TABLE ONLY "public"."orders" WHERE ((id > 5))',
    ]);
  });

  test('publish_via_partition_root is set before roots come in and after they are gone', () => {
    const published = [whole];
    const on = plan({ current: current(), published, options: { publishViaPartitionRoot: true } });
    expect(on.statements.map((s) => s.slice(0, 38))).toEqual([
      'ALTER PUBLICATION "tidemark" SET (publ',
      'ALTER PUBLICATION "tidemark" SET TABLE',
    ]);
    const off = plan({ current: current({ viaRoot: true }), published });
    expect(off.statements.map((s) => s.slice(0, 38))).toEqual([
      'ALTER PUBLICATION "tidemark" SET TABLE',
      'ALTER PUBLICATION "tidemark" SET (publ',
    ]);
  });

  test('operations that it does not send are added, or warned of where it is not ours', () => {
    const given = { current: current({ deletes: false }), published: [whole] };
    expect(plan(given).statements).toEqual([`ALTER PUBLICATION "tidemark" SET (${ALL})`]);
    const disabled = plan({ ...given, options: { publicationAutocreateMode: 'disabled' } });
    expect(disabled.statements).toEqual([]);
    expect(disabled.warnings[0]).toContain('does not send delete');
    const skipped = { publicationAutocreateMode: 'disabled', skippedOperations: ['d'] } as const;
    expect(plan({ ...given, options: skipped }).warnings).toEqual([]);
  });

  test('generated columns are set where asked for, and otherwise left as they are', () => {
    const given = { current: current({ generatedColumns: true }), published: [whole] };
    expect(plan(given).statements).toEqual([]);
    const options = { publishGeneratedColumns: 'none' } as const;
    expect(plan({ ...given, options }).statements).toEqual([
      `ALTER PUBLICATION "tidemark" SET (${ALL}, publish_generated_columns = none)`,
    ]);
    expect(plan({ ...given, options, version: 170_000 }).statements).toEqual([]);
  });

  test('FOR ALL TABLES cannot be narrowed: it is used as it is', () => {
    const { statements, warnings } = plan({ current: current({ allTables: true }) });
    expect(statements).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  test('one of another owner is refused with the statement', () => {
    const { problems } = plan({ current: current({ owned: false, owner: 'dba' }) });
    expect(problems[0]?.cure).toBe(
      'As dba: ALTER PUBLICATION "tidemark" SET TABLE ONLY "public"."orders";',
    );
  });
});

test('the name is an identifier inside of a literal (P74)', () => {
  expect(publicationNamesOption(`My "pub's`)).toBe(`'"My ""pub''s"'`);
});
