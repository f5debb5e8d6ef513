import { expect, test } from 'vitest';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import { isKeyNext, parseKey } from '../../../../dialects/mysql/ddl/key-parser.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

function key(text: string): string {
  const cursor = cursorOn(text);
  expect(isKeyNext(cursor)).toBe(true);
  const found = parseKey(cursor);
  if (!cursor.isEnd()) cursor.fail('the end');
  if (found === null) return 'none';
  const parts = found.parts.map(
    ({ column, length }) => `${column ?? '()'}${length === null ? '' : `:${length}`}`,
  );
  return `${found.kind} ${found.name ?? '-'} ${parts.join()}`;
}

test.each([
  ['primary key (a, b desc)', 'primary - a,b'],
  ['constraint p primary key using btree (a)', 'primary p a'],
  ['primary key `n` (a)', 'primary n a'],
  ['unique (a(10))', 'unique - a:10'],
  ['unique key u using hash (a) comment "x" key_block_size=8', 'unique u a'],
  ['constraint c unique index if not exists u (a)', 'unique u a'],
  ['constraint unique (a)', 'unique - a'],
  ['key type (a)', 'index type a'],
  ['key k type btree (a)', 'index k a'],
  ['index ((lower(a)), b)', 'index - (),b'],
  ['fulltext key f (a) with parser ngram', 'index f a'],
  ['spatial index (g)', 'index - g'],
  ['vector index (v) m=8 distance=cosine', 'index - v'],
  ['vector (v)', 'index - v'],
  ['clustering key c (a)', 'index c a'],
  ['key k (a) invisible', 'index k a'],
  ['key k (a) not ignored', 'index k a'],
  ['primary key (id, p without overlaps)', 'primary - id'],
  ['constraint f foreign key i (a) references d.t (b) on delete no action', 'foreign f a'],
  ['foreign key if not exists (a) references t (b) match simple', 'foreign - a'],
  ['check (a > 1) not enforced', 'none'],
  ['constraint check (a > 1)', 'none'],
  ['constraint c check (a > 1)', 'none'],
  ['period for system_time (s, e)', 'none'],
])('%s', (text, expected) => {
  expect(key(text)).toBe(expected);
});

test.each(['period int', 'vector int', 'clustering int', '`key` int', 'name int'])(
  '%s is a column',
  (text) => {
    expect(isKeyNext(cursorOn(text))).toBe(false);
  },
);

test.each(['primary (a)', 'key a', 'unique (', 'foreign key (a)', 'key k (a', 'constraint c'])(
  '%j is none',
  (text) => {
    expect(() => key(text)).toThrow(DdlSyntaxError);
  },
);
