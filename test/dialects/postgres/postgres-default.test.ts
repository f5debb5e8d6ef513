import { expect, test } from 'vitest';
import { debeziumDefault, literalDefault } from '../../../dialects/postgres/postgres-default.ts';

test.each([
  ['42', '42'],
  ['(-42)', '-42'],
  ["'-42'::integer", '-42'],
  ['1.50', '1.50'],
  ['1e+20', '1e+20'],
  ['(0)::numeric', '0'],
  ['(1.5)::double precision', '1.5'],
  ['true', 't'],
  ['false', 'f'],
  ["'abc'::text", 'abc'],
  ["'abc'::character varying", 'abc'],
  ["'x'::bpchar", 'x'],
  ["''::text", ''],
  ["'it''s'::text", "it's"],
  [String.raw`E'a\\b''c'::text`, String.raw`a\b'c`],
  [`'open'::"my schema"."order state"`, 'open'],
  ["'active'::public.mood", 'active'],
  ["'{1,2}'::integer[]", '{1,2}'],
  ["'2020-01-01 00:00:00+00'::timestamp with time zone", '2020-01-01 00:00:00+00'],
  ["'1.5'::numeric(10,2)", '1.5'],
  ['\'{"a": "b::c"}\'::jsonb', '{"a": "b::c"}'],
  ["'12:00:00'::time(3) without time zone", '12:00:00'],
])('%s is the constant %s', (expression, text) => {
  expect(literalDefault(expression)).toEqual({ text });
});

test.each(['NULL', 'NULL::character varying'])('%s is null', (expression) => {
  expect(literalDefault(expression)).toEqual({ text: null });
});

test.each([
  'now()',
  'CURRENT_TIMESTAMP',
  "nextval('orders_id_seq'::regclass)",
  "('now'::text)::date",
  "'now'::text",
  'gen_random_uuid()',
  "'a'::text || 'b'::text",
  "lower('ABC'::text)",
  'ARRAY[1, 2]',
  '(1 + 2)',
  "('x'::text)::character varying(5)",
  'NULLIF(1, 1)',
  "B'101'::bit(3)",
])('%s is not a constant', (expression) => {
  expect(literalDefault(expression)).toBeUndefined();
});

// Recorded from Debezium 3.6.0 (table t_def), or read in what it does.
test.each([
  ["nextval('orders_id_seq'::regclass)", 'int4', '0'],
  ["date_trunc('day'::text, '2022-03-04 05:06:07'::timestamp without time zone)", 'timestamp'],
  ['CURRENT_TIMESTAMP', 'timestamptz', '1970-01-01 00:00:00+00'],
  ['upper((d_varchar)::text)', 'text', ''],
  ["'it''s'::character varying", 'varchar', "it's"],
  ["'ok'::mood", 'enum', 'ok'],
  ["'10.0.0.1'::inet", 'inet', null],
  ["'\\x0102'::bytea", 'bytea', null],
  ["'{1,2}'::integer[]", '_int4', null],
  ["'01:02:03.456+02'::time with time zone", 'timetz', null],
  ['(d_smallint + 1)', 'int4', null],
])('%s of %s as Debezium shows it', (expression, type, text = '1970-01-01 00:00:00') => {
  expect(debeziumDefault(expression, type)?.text ?? null).toBe(text);
});
