import { expect, test } from 'vitest';
import { literalDefault } from '../../../dialects/postgres/postgres-default.ts';

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
