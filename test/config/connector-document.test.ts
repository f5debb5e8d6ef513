import { expect, test } from 'vitest';
import { connectorSections } from '../../src/config/connector-document.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { YamlSections } from '../../src/config/yaml-sections.ts';

const CONFIG = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'tasks.max': '1',
  'database.hostname': 'db',
  'database.port': '5432',
  'database.user': 'me',
  'database.password': 'secret',
  'database.dbname': 'shop',
  'topic.prefix': 'shop',
  'plugin.name': 'pgoutput',
};

const parse = (document: unknown) =>
  parsePipeline(JSON.stringify(document, null, 2), '/etc/register-postgres.json', {});

function problemsOf(document: unknown): readonly string[] {
  try {
    parse(document);
    return [];
  } catch (error) {
    if (error instanceof ConfigErrors) return error.errors.map(({ message }) => message);
    throw error;
  }
}

test.each([
  ['as it is posted', { name: 'inventory', config: CONFIG }],
  [
    'as Connect answers',
    {
      name: 'inventory',
      config: { name: 'inventory', ...CONFIG },
      tasks: [{ connector: 'inventory', task: 0 }],
      type: 'source',
    },
  ],
  ['with sections beside it', { name: 'inventory', config: CONFIG, http: { listen: 'none' } }],
  ['the properties alone', { name: 'inventory', ...CONFIG }],
  ['with the name among the properties', { config: { name: 'inventory', ...CONFIG } }],
])('a connector is a pipeline: %s', (_, document) => {
  const config = parse(document);
  expect(config.name).toBe('inventory');
  expect(config.storePath).toBe('/etc/inventory-data');
  expect(config.source.flavour).toBe('debezium');
  expect(config.source.options.string('slot.name')).toBe('debezium');
  expect(config.sinks).toEqual([]);
  expect(config.warnings.join()).not.toContain('not a known');
});

test('problems have their lines, and what is no part of it is named', () => {
  const document = {
    name: 'x',
    config: { ...CONFIG, 'slot.name': 'A-b' },
    initial_state: 'PAUSED',
  };
  expect(problemsOf(document)).toEqual([
    expect.stringMatching(/^initial_state is not a section/),
    expect.stringMatching(/^source: slot\.name .*\(\/etc\/register-postgres\.json:\d+\)$/),
  ]);
  expect(problemsOf({ name: 'x', config: 'y' })).toContainEqual(
    expect.stringMatching(/^source must be a map of properties/),
  );
  expect(problemsOf({ name: 'x', config: { 'connector.class': 'jdbc' } })).toEqual([
    expect.stringContaining('connector.class jdbc is the class of a sink: it stands in the list'),
  ]);
});

test('a pipeline file is no connector', () => {
  const sections = (document: unknown) =>
    connectorSections(new YamlSections(JSON.stringify(document), 'f'));
  expect(sections({ name: 'p', source: CONFIG })).toBeNull();
  expect(sections({ name: 'p', config: CONFIG, source: CONFIG })).toBeNull();
  expect(sections({ name: 'p' })).toBeNull();
});

test.each(['mysql.MySqlConnector', 'mariadb.MariaDbConnector'])(
  'a connector of a binlog, %s',
  (name) => {
    const { 'database.dbname': _database, 'plugin.name': _plugin, ...common } = CONFIG;
    const config = {
      ...common,
      'connector.class': `io.debezium.connector.${name}`,
      'database.port': '3306',
      'database.server.id': '1',
      'database.include.list': 'shop',
    };
    const { source } = parse({ name: 'inventory', config });
    expect(source.connectorClass).toBe(config['connector.class']);
    expect(source.flavour).toBe('debezium');
    expect(source.options.string('zero.date.handling.mode')).toBe('null');
  },
);
