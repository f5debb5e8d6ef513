import { describe, expect, test } from 'vitest';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';
import { TableNaming } from '../../../src/sink/sql/table-naming.ts';
import { changeColumns } from '../../../src/sink/sql/change-columns.ts';
import { recordColumns, wantedTable } from '../../../src/sink/sql/wanted-table.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('Id', 'integer', { type: 'int32', optional: false });
const name = column('name', null, { type: 'string' });
const topic = new SinkTopic({ table: 't', columns: [name, id], key: ['Id'] });
const naming = new TableNaming(SQL_SINK_DEFAULTS, postgresTarget.identifierMax);
const target = { schema: 'public', table: 't' };

function wanted(
  change: Partial<typeof SQL_SINK_DEFAULTS | object>,
  record = topic.insert({ Id: 1 }),
) {
  const options = { ...SQL_SINK_DEFAULTS, ...change };
  const columns = recordColumns(record, naming, options);
  return wantedTable(target, columns, postgresTarget, options, changeColumns(options));
}

describe('the table that records want', () => {
  test('has the columns that tell of changes behind those of the row', () => {
    expect(wanted({ deleteMode: 'soft', metadataColumns: ['op'] })).toMatchObject({
      columns: [
        { name: 'name' },
        { name: 'Id' },
        { name: '_deleted', type: { ddl: 'boolean' } },
        { name: '_deleted_at', type: { ddl: 'timestamp with time zone' } },
        { name: '_cdc_op', type: { ddl: 'text' } },
      ],
    });
  });

  test('has the columns of the row and the key of the key', () => {
    expect(wanted({})).toMatchObject({
      columns: [{ name: 'name' }, { name: 'Id', type: { ddl: 'integer' } }],
      key: ['Id'],
      needsUniqueKey: true,
    });
  });

  test('takes the key from the value, or has none', () => {
    expect(wanted({ primaryKeyMode: 'record_value', primaryKeyFields: ['name'] }).key).toEqual([
      'name',
    ]);
    expect(wanted({ primaryKeyMode: 'none', insertMode: 'insert' }).key).toEqual([]);
  });

  test('has the name in the source where Avro spells it otherwise, or that of a transform', () => {
    const named = (field: string) => {
      const parameters = { '__debezium.source.column.name': 'my-note' };
      const note = { name: field, schema: { type: 'string', optional: true, parameters } as const };
      const other = new SinkTopic({ table: 't', columns: [id, note], key: ['Id'] });
      return wanted({}, other.insert({ Id: 1 })).columns.at(-1)?.name;
    };
    expect(['my_note', 'my_u002dnote', 'remark'].map(named)).toEqual([
      'my-note',
      'my-note',
      'remark',
    ]);
  });

  test('of a tombstone knows the key only', () => {
    expect(wanted({}, topic.tombstone({ Id: 1 }))).toMatchObject({
      columns: [{ name: 'Id' }],
      needsUniqueKey: false,
    });
  });

  test('refuses key fields that are not there, and names that fold into one', () => {
    expect(() => wanted({ primaryKeyFields: ['nothing'] })).toThrow(/no field nothing/);
    const folding = new TableNaming(
      { ...SQL_SINK_DEFAULTS, quoteIdentifiers: false },
      postgresTarget.identifierMax,
    );
    const twins = new SinkTopic({ table: 't', columns: [id, { ...id, name: 'ID' }], key: ['Id'] });
    expect(() => recordColumns(twins.insert({ Id: 1 }), folding, SQL_SINK_DEFAULTS)).toThrow(
      /upper and lower case/,
    );
  });

  test('has the selected fields, and those of the key in any case', () => {
    const fields = { kind: 'include', entries: [{ topic: null, field: 'note' }] } as const;
    const note = column('note', null, { type: 'string' });
    const other = new SinkTopic({ table: 't', columns: [name, id, note], key: ['Id'] });
    const namesOf = (change: object) =>
      wanted({ fields, ...change }, other.insert({ Id: 1 })).columns.map((one) => one.name);
    expect(namesOf({})).toEqual(['Id', 'note']);
    const fromValue = { primaryKeyMode: 'record_value', primaryKeyFields: ['name'] };
    expect(namesOf(fromValue)).toEqual(['name', 'note']);
  });

  test('names the column whose schema has no type in the target', () => {
    const nested = column('st', null, { type: 'struct', name: 'nest', fields: [] });
    const record = new SinkTopic({ table: 't', columns: [id, nested], key: ['Id'] }).insert({
      Id: 1,
      st: null,
    });
    expect(() => wanted({}, record)).toThrow('column st: no PostgreSQL type for the schema nest');
    const fields = { kind: 'exclude', entries: [{ topic: null, field: 'st' }] } as const;
    expect(wanted({ fields }, record).columns).toMatchObject([{ name: 'Id' }]);
  });

  test('a field that is left out may have any name', () => {
    const long = column('x'.repeat(64), null, { type: 'string' });
    const other = new SinkTopic({ table: 't', columns: [id, long], key: ['Id'] });
    const record = other.insert({ Id: 1 });
    expect(() => wanted({}, record)).toThrow(/cannot be a name/);
    const fields = { kind: 'exclude', entries: [{ topic: null, field: long.name }] } as const;
    expect(wanted({ fields }, record).columns).toMatchObject([{ name: 'Id' }]);
  });

  test('has the place in the log for a key, under names that the rows do not have', () => {
    const mode = { primaryKeyMode: 'kafka' };
    expect(wanted(mode)).toMatchObject({
      columns: [
        { name: 'name' },
        { name: 'Id' },
        { name: '__connect_topic', type: { ddl: 'text' } },
        { name: '__connect_partition', type: { ddl: 'integer' } },
        { name: '__connect_offset', type: { ddl: 'bigint' } },
      ],
      key: ['__connect_topic', '__connect_partition', '__connect_offset'],
    });
    const clash = { ...mode, primaryKeyFields: ['topic', 'name', 'at'] };
    expect(() => wanted(clash)).toThrow(/have a column name of their own/);
    const without = { kind: 'exclude', entries: [{ topic: null, field: 'name' }] };
    expect(wanted({ ...clash, fields: without }).key).toEqual(['topic', 'name', 'at']);
  });
});
