import { describe, expect, test } from 'vitest';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { loadPipelineFile, parsePipeline } from '../../src/config/pipeline-file.ts';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';

const SOURCE = `
source:
  connector.class: postgres
  database.hostname: localhost
  database.dbname: shop
  database.user: tidemark
  database.password: \${env:SHOP_PASSWORD}
  topic.prefix: shop
`;

const environment = { SHOP_PASSWORD: '00123' };

function parse(text: string): PipelineConfig {
  return parsePipeline(text, '/etc/tidemark/shop.yaml', environment);
}

function problemsOf(text: string): ConfigErrors {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigErrors) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parsePipeline', () => {
  test('a whole file becomes a frozen, typed configuration', () => {
    const config = parse(`name: shop\ntransport: { path: ./data, max.bytes: 1gb }\n${SOURCE}
sinks:
  - { name: dwh, connector.class: jdbc, connection.url: "postgres://localhost/w" }
http: { listen: "[::1]:9000", token: secret }
runtime: { log.level: debug }
`);
    expect(config.storePath).toBe('/etc/tidemark/data');
    expect(config.transport.number('max.bytes')).toBe(1024 ** 3);
    // A password of digits keeps its zeros.
    expect(config.source.options.string('database.password')).toBe('00123');
    expect(config.source.flavour).toBe('tidemark');
    expect(config.sinks.map((sink) => sink.name)).toEqual(['dwh']);
    expect(config.http).toEqual({ listen: { host: '::1', port: 9000 }, token: 'secret' });
    expect(config.runtime.string('log.level')).toBe('debug');
    expect(Object.isFrozen(config)).toBe(true);
    expect(config.warnings).toEqual([]);
  });

  test('digits written in the file are text', () => {
    const text = `name: shop\n${SOURCE.replace('${env:SHOP_PASSWORD}', '0042')}`;
    expect(parse(text).source.options.string('database.password')).toBe('0042');
  });

  test('little is needed: the store stands beside the file', () => {
    const config = parse(`name: shop\n${SOURCE}`);
    expect(config.storePath).toBe('/etc/tidemark/shop-data');
    expect(config.http.listen).toEqual({ host: '127.0.0.1', port: 8083 });
    expect(config.sinks).toEqual([]);
  });

  test('JSON is YAML', () => {
    const source = {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': 'localhost',
      'database.dbname': 'shop',
      'database.user': 'dbz',
      'database.port': 5433,
      'topic.prefix': 'shop',
      'tasks.max': 1,
      'plugin.name': 'pgoutput',
    };
    const config = parse(JSON.stringify({ name: 'shop', source }));
    const { options } = config.source;
    expect(config.source.flavour).toBe('debezium');
    expect(options.string('database.port')).toBe('5433');
    // Its class, its defaults.
    expect(options.string('slot.name')).toBe('debezium');
    expect(options.string('publication.autocreate.mode')).toBe('all_tables');
    expect(options.number('heartbeat.interval.ms')).toBe(0);
    expect(config.warnings).toEqual([expect.stringContaining('tasks.max has no effect')]);
  });

  test('all sections are judged at once, with lines', () => {
    const text = `name: my shop
transport: { type: kafka }
source:
  connector.class: postgres
  database.hostnam: localhost
  database.dbname: shop
  database.user: me
  database.port: 0
  topic.prefix: shop
  table.include.list: a
  table.exclude.list: b
  plugin.name: decoderbufs
sinks:
  - { name: es, connector.class: io.debezium.connector.mongodb.MongoDbSinkConnector }
  - { connector.class: jdbc, connection.url: "oracle://u:pw@h/d" }
alerts: [{ type: pigeon }]
http: { listen: 0.0.0.0:80 }
sink: []
`;
    const { errors, warnings } = problemsOf(text);
    expect(errors.map((error) => error.message)).toEqual([
      expect.stringMatching(/^sink is not a section .*did you mean sinks\? \(.*shop\.yaml:18\)$/),
      expect.stringMatching(/^name may have only letters/),
      expect.stringMatching(/^transport: bootstrap\.servers is required/),
      expect.stringMatching(/^source: plugin\.name: "decoderbufs" is not supported: use pgoutput/),
      expect.stringMatching(/^source: database\.hostname is required$/),
      expect.stringMatching(/^source: database\.port must be 1 to 65535; .*:8\)$/),
      expect.stringMatching(/^source: table\.include\.list and table\.exclude\.list exclude each/),
      expect.stringMatching(/^sinks\[0\]: connector\.class io\..*: there is no sink into MongoDB/),
      expect.stringMatching(/^sinks\[1\]: name is required/),
      expect.stringMatching(/^sinks\[1\]: connection\.url must begin with postgres:\/\/.*oracle/),
      expect.stringMatching(/^http: listen 0\.0\.0\.0 is reachable from other machines/),
      expect.stringMatching(
        /^alerts\.channels\[0\]: type "pigeon" is not known: one of log, topic/,
      ),
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /database\.hostnam is not a known property; did you mean database\.hostname\?/,
      ),
    ]);
    expect(errors.map((error) => error.message).join()).not.toContain('pw');
  });

  test.each([
    ['', /name is required/, /source is required/],
    ['name: a\nsource: 5\n', /source must be a map/, /connector\.class is required/],
    [`name: a\n${SOURCE}sinks: { a: b }`, /sinks must be a list/, /./],
    [
      `name: a\n${SOURCE.replace('class: postgres', 'class: postgers')}`,
      /did you mean postgres\?/,
      /./,
    ],
  ])('%j', (text, first, second) => {
    const messages = problemsOf(text).errors.map((error) => error.message);
    expect(messages[0]).toMatch(first);
    expect(messages.at(-1)).toMatch(second);
  });

  test('two sinks of one name are refused', () => {
    const sink = '  - { name: a, connector.class: jdbc, connection.url: "postgres://h/d" }\n';
    const { errors } = problemsOf(`name: a\n${SOURCE}sinks:\n${sink}${sink}`);
    expect(errors.map((error) => error.message)).toEqual([
      expect.stringMatching(/a is taken already/),
    ]);
  });
});

describe('syntax', () => {
  function syntaxOf(text: string): TidemarkError {
    try {
      parse(text);
    } catch (error) {
      if (error instanceof TidemarkError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  }

  test('names line and column and shows the line', () => {
    const error = syntaxOf('name: shop\nsource:\n  a: [1, 2\n  b: 3\n');
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toMatch(/^\/etc\/tidemark\/shop\.yaml:4:\d+: /);
    expect(error.message).toMatch(/\n {4}b: 3\n +\^$/);
  });

  test('a name given twice is an error, not a silent choice', () => {
    expect(syntaxOf('name: a\nname: b\n').message).toMatch(
      /shop\.yaml:2:1: Map keys must be unique/,
    );
  });

  test.each([
    'source:\n  database.password: *hunter2\n',
    'source: { database.password: hunter2, a: b: c }\n',
    'source:\n  database.password: "hunter2" x\n',
    'source:\n  url: postgres://me:hunter2@host/db: x: y\n',
  ])('the secret in %j is not shown', (text) => {
    const error = syntaxOf(text);
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).not.toContain('hunter2');
  });
});

test('a file that is not there', () => {
  expect(() => loadPipelineFile('/nowhere/shop.yaml', {})).toThrow(
    expect.objectContaining({
      code: 'CONFIG_FILE',
      message: '/nowhere/shop.yaml: there is no such file',
    }),
  );
});
