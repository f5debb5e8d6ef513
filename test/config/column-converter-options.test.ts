import { describe, expect, test } from 'vitest';
import {
  COLUMN_CONVERTER_OPTIONS,
  COLUMN_CONVERTER_RULES,
  columnConverterSettings,
} from '../../src/config/column-converter-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { POSTGRES_OPTIONS, POSTGRES_RULES } from '../../src/config/postgres-options.ts';

const providers = { environment: { SALT: 'pepper' }, folder: '/' };

function examine(input: Readonly<Record<string, unknown>>) {
  return examineOptions(COLUMN_CONVERTER_OPTIONS, input, {
    where: 'source',
    providers,
    rules: COLUMN_CONVERTER_RULES,
  });
}

const messages = (input: Readonly<Record<string, unknown>>): readonly string[] =>
  examine(input).problems.map(({ message }) => message);

describe('settings', () => {
  test('properties belong to the converter that they begin with', () => {
    const { options, problems } = examine({
      'b.type': 'some-package',
      'a.selector': 'public\\.t\\.(x|y),other\\..*',
      'a.locale': 'de',
      'a.salt': '${env:SALT}',
      converters: 'a, b',
      'a.type': './a.ts',
      'a.digits': 3,
    });
    expect(problems).toEqual([]);
    expect(options.warnings).toEqual([]);
    const [a, b] = columnConverterSettings(options);
    expect(a).toEqual({
      name: 'a',
      module: './a.ts',
      selector: [/^(?:public\.t\.(x|y))$/i, /^(?:other\..*)$/i],
      properties: { locale: 'de', salt: 'pepper', digits: '3' },
    });
    expect(b).toEqual({ name: 'b', module: 'some-package', selector: null, properties: {} });
  });

  test('without converters a property of nobody is unknown', () => {
    expect(examine({ 'a.type': './a.ts' }).options.warnings).toEqual([
      'source: a.type is not a known property',
    ]);
  });

  test('a YAML list of names does as well', () => {
    const { options, problems } = examine({ converters: ['a'], 'a.type': './a.ts' });
    expect(problems).toEqual([]);
    expect(columnConverterSettings(options)).toHaveLength(1);
  });

  test('a name with which other properties begin is refused: a mask must not get lost', () => {
    const { problems } = examineOptions(
      POSTGRES_OPTIONS,
      {
        'connector.class': 'postgres',
        'topic.prefix': 't',
        'database.hostname': 'h',
        'database.user': 'u',
        'database.dbname': 'd',
        converters: 'mine, column',
        'mine.type': './x.ts',
        'column.type': './x.ts',
        'column.mask.with.3.chars': 'public.a.b',
      },
      { where: 'source', providers, rules: POSTGRES_RULES },
    );
    expect(problems.map(({ message }) => message)).toEqual([
      'source: converters has a name with which other properties begin: mine, column',
    ]);
  });
});

describe('refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no type', { converters: 'a' }, 'a.type is required'],
    ['a name twice', { converters: 'a,a', 'a.type': './a.ts' }, 'a is named twice'],
    [
      'a selector that is none',
      { converters: 'a', 'a.type': './a.ts', 'a.selector': '(' },
      'a.selector is not a regular expression',
    ],
    [
      'a selector in the dialect of Java',
      { converters: 'a', 'a.type': './a.ts', 'a.selector': '\\Qa.b\\E' },
      'a.selector uses \\Q…\\E quoting',
    ],
  ])('%s', (_, input, text) => {
    expect(messages(input)).toEqual([expect.stringContaining(text)]);
  });

  test.each([
    ['io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter', 'is one already'],
    ['io.debezium.connector.mysql.converters.ZeroDateFallbackConverter', 'no zero dates'],
    [
      'io.debezium.connector.binlog.converters.JdbcSinkDataTypesConverter',
      'column.propagate.source',
    ],
    ['com.acme.MyConverter', 'write it as a function in TypeScript'],
  ])('the Java class %s, with what to do instead', (type, advice) => {
    const [message] = messages({ converters: 'a', 'a.type': type });
    expect(message).toContain(`${type} is a Java class`);
    expect(message).toContain(advice);
  });
});
