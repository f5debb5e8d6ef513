import { expect, test } from 'vitest';
import type { ConnectField } from '../../../src/model/connect-schema.ts';
import { fieldEntry, selectedFields } from '../../../src/sink/sql/field-selection.ts';

const fields = ['id', 'note', 'my_name'].map((name): ConnectField => ({
  name,
  schema: { type: 'string', optional: true },
}));
const column = ({ name }: ConnectField): string => name.replace('_', '-');

function selected(
  kind: 'include' | 'exclude',
  texts: readonly string[],
  record: { topic: string; destination?: string } = { topic: 'shop.t' },
): string[] {
  const selection = { kind, entries: texts.map(fieldEntry) };
  return selectedFields(selection, record, fields, column).map(({ name }) => name);
}

test('entries are of every topic, or of one', () => {
  expect(selected('include', ['id'])).toEqual(['id']);
  expect(selected('include', ['shop.t:id', 'shop.other:note'])).toEqual(['id']);
  expect(selected('exclude', ['id', 'shop.t:note'])).toEqual(['my_name']);
  expect(selected('exclude', ['shop.other:note'])).toEqual(['id', 'note', 'my_name']);
  expect(fieldEntry('shop.t : id')).toEqual({ topic: 'shop.t', field: 'id' });
});

test('names are exact: those of the fields, or of their columns in the source', () => {
  expect(selected('include', ['ID', 'no.*', 'my-name'])).toEqual(['my_name']);
  expect(selected('exclude', ['my_name'])).toEqual(['id', 'note']);
});

test('the topic is the one that a transform gave', () => {
  const routed = { topic: 'shop.t', destination: 'routed' };
  expect(selected('include', ['routed:id', 'shop.t:note'], routed)).toEqual(['id']);
});
