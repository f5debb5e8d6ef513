import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { propertiesAsYaml } from '../../src/config/properties-text.ts';

const read = (text: string): unknown => parse(propertiesAsYaml(text)) as unknown;

test('separators, comments, escapes and lines that go on, as Java reads them', () => {
  const text = String.raw`# a comment \
! another
 name = inventory
topic.prefix:shop
slot.name   debezium
table.include.list=public\\.orders,\
    public\\.items
empty=
key\ with\:signs = a=b:c
unicode=\u00e4\tz
trailing = two  `;
  expect(read(text)).toEqual({
    name: 'inventory',
    'topic.prefix': 'shop',
    'slot.name': 'debezium',
    'table.include.list': String.raw`public\.orders,public\.items`,
    empty: '',
    'key with:signs': 'a=b:c',
    unicode: 'ä\tz',
    trailing: 'two  ',
  });
});

test('each line stays where it is', () => {
  const text = 'a=1\n# c\n\nb=2,\\\n  3\nc=4';
  expect(propertiesAsYaml(text).split('\n')).toEqual([
    '"a": "1"',
    '',
    '',
    '"b": "2,3"',
    '',
    '"c": "4"',
  ]);
});

test('what is escaped comes back', () => {
  const escape = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, hex);
  const hex = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const word = fc.string({ minLength: 1, unit: 'binary-ascii' });
  fc.assert(
    fc.property(word, word, (key, value) => {
      expect(read(`${escape(key)} = ${escape(value)}`)).toEqual({ [key]: value });
    }),
  );
});

const STANDALONE = `
name=inventory
connector.class=io.debezium.connector.postgresql.PostgresConnector
database.hostname=db
database.user=me
database.dbname=shop
topic.prefix=shop
`;

test('the file of a standalone worker is a pipeline', () => {
  const config = parsePipeline(STANDALONE, '/etc/connect/inventory.properties', {});
  expect([config.name, config.source.flavour]).toEqual(['inventory', 'debezium']);
  expect(config.storePath).toBe('/etc/connect/inventory-data');
});

test('the file of Debezium Server is a pipeline, once it has a name', () => {
  const text = `name=inventory
debezium.sink.type=redis
debezium.source.connector.class=io.debezium.connector.postgresql.PostgresConnector
debezium.source.database.hostname=db
debezium.source.database.user=me
debezium.source.database.dbname=shop
debezium.source.topic.prefix=shop
debezium.format.value=json
debezium.format.value.schemas.enable=false
debezium.transforms=unwrap
debezium.transforms.unwrap.type=io.debezium.transforms.ExtractNewRecordState
debezium.transforms.unwrap.add.fields=op`;
  const { source, warnings } = parsePipeline(text, '/c/application.properties', {});
  expect(source.options.boolean('value.converter.schemas.enable')).toBe(false);
  expect(source.options.string('transforms.unwrap.add.fields')).toBe('op');
  expect(warnings).toEqual([
    expect.stringContaining('name has no effect'),
    expect.stringMatching(/^source: debezium\.sink\.type is not a known property.*:2\)$/),
  ]);
});

test('problems of a properties file have its lines', () => {
  const wrong = () => parsePipeline(`${STANDALONE}slot.name=A\n`, '/c/x.properties', {});
  expect(wrong).toThrow(ConfigErrors);
  expect(wrong).toThrow(/slot\.name .*\(\/c\/x\.properties:8\)/);
});
