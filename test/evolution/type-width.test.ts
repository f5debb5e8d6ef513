import { expect, test } from 'vitest';
import { typeChange } from '../../src/evolution/type-width.ts';

test.each([
  ['smallint', 'integer', 'widened'],
  ['bigint', 'integer', 'narrowed'],
  ['int(11)', 'int', 'same'],
  ['int', 'int unsigned', 'retyped'],
  ['int unsigned', 'bigint', 'widened'],
  ['tinyint(1)', 'mediumint unsigned', 'retyped'],
  ['integer', 'numeric(10,0)', 'widened'],
  ['integer', 'numeric(9,0)', 'retyped'],
  ['bigint', 'decimal(20,0) unsigned', 'retyped'],
  ['numeric(8,2)', 'numeric', 'widened'],
  ['numeric(8,2)', 'numeric(8,4)', 'retyped'],
  ['decimal(8,2) unsigned', 'decimal(8,2)', 'widened'],
  ['decimal(8,2)', 'decimal(8,2) unsigned', 'narrowed'],
  ['real', 'double precision', 'widened'],
  ['double', 'float', 'narrowed'],
  ['character varying(20)', 'character varying(30)', 'widened'],
  ['character varying(20)', 'text', 'widened'],
  ['character varying', 'text', 'same'],
  ['text', 'character varying(20)', 'narrowed'],
  ['character(5)', 'character(6)', 'retyped'],
  ['varchar(20)', 'tinytext', 'widened'],
  ['longtext', 'text', 'narrowed'],
  ['varchar(10)', 'varbinary(10)', 'retyped'],
  ['binary(4)', 'binary(8)', 'retyped'],
  ['blob', 'mediumblob', 'widened'],
  ['bit varying(4)', 'bit varying', 'widened'],
  ['timestamp(3) without time zone', 'timestamp without time zone', 'widened'],
  ['timestamp without time zone', 'timestamp with time zone', 'retyped'],
  ['datetime(6)', 'datetime', 'narrowed'],
  ['datetime', 'timestamp', 'retyped'],
  ['integer[]', 'bigint[]', 'widened'],
  ['uuid', 'text', 'retyped'],
  ['"odd type"', 'integer', 'retyped'],
])('%s → %s is %s', (from, to, change) => {
  expect(typeChange(from, to)).toBe(change);
  const back = { widened: 'narrowed', narrowed: 'widened' } as const;
  expect(typeChange(to, from)).toBe(back[change as 'widened'] ?? change);
});
