import { describe, expect, test } from 'vitest';
import { renderPipelineFile } from '../../src/cli/pipeline-template.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { MysqlInspection } from '../../src/runtime/inspect-mysql.ts';
import { mysqlConnectionOfUrl } from '../../src/runtime/inspect-mysql.ts';
import type { PostgresInspection } from '../../src/runtime/inspect-postgres.ts';
import { connectionOfUrl } from '../../src/runtime/inspect-postgres.ts';

function inspectionOf(
  url: string,
  overrides: Partial<PostgresInspection> = {},
): PostgresInspection {
  return {
    kind: 'postgres',
    connection: connectionOfUrl(url),
    versionText: '18.4',
    walLevel: 'logical',
    mayReplicate: true,
    schemas: [
      { name: 'public', tables: [{ name: 'orders', estimatedRows: 1000, hasKey: true }] },
      { name: 'od.d', tables: [{ name: 'log', estimatedRows: -1, hasKey: false }] },
    ],
    ...overrides,
  };
}

describe('renderPipelineFile', () => {
  test('the file loads, whatever the names look like', () => {
    const text = renderPipelineFile(inspectionOf('postgres://it%27s:pw@[::1]:5433/7%20shops'));
    const config = parsePipeline(text, '/x.yaml', { _7_SHOPS_PASSWORD: 'pw' });
    const { options } = config.source;
    expect(config.name).toBe('7-shops');
    expect(config.warnings).toEqual([]);
    expect(options.string('database.user')).toBe("it's");
    expect(options.string('database.hostname')).toBe('::1');
    expect(options.string('database.dbname')).toBe('7 shops');
    const include = options.patterns('table.include.list');
    const captured = (name: string): boolean => include.some((pattern) => pattern.test(name));
    expect(['public.orders', 'od.d.log', 'odxd.log'].map(captured)).toEqual([true, true, false]);
  });

  test('the password stays outside', () => {
    expect(renderPipelineFile(inspectionOf('postgres://me:hunter2@h/shop'))).not.toContain(
      'hunter2',
    );
  });

  test('tables are listed with what matters', () => {
    const text = renderPipelineFile(inspectionOf('postgres://me@h/shop'));
    expect(text).toContain('  #   public.orders, about 1000 rows\n');
    expect(text).toContain('  #   od.d.log, no primary key\n');
    expect(text).not.toContain('ATTENTION');
  });

  test('what is missing on the server stands at the top, with its cure', () => {
    const missing = { walLevel: 'replica', mayReplicate: false };
    const text = renderPipelineFile(inspectionOf('postgres://me@h/shop', missing));
    expect(text).toContain(
      "# ATTENTION: wal_level is replica. Run ALTER SYSTEM SET wal_level = 'logical';",
    );
    expect(text).toContain('Run ALTER ROLE "me" REPLICATION;');
  });
});

describe('of MySQL and MariaDB', () => {
  const tables = [{ name: 'orders', estimatedRows: 7, hasKey: false }];

  function mysqlInspection(url: string, change: Partial<MysqlInspection> = {}): MysqlInspection {
    return {
      kind: 'mariadb',
      ...mysqlConnectionOfUrl(url),
      versionText: '11.4.5-MariaDB',
      findings: { problems: [], warnings: [] },
      schemas: [{ name: 'shop.1', tables }],
      ...change,
    };
  }

  test('the file loads, of the class of the server, and the password stays outside', () => {
    const text = renderPipelineFile(mysqlInspection('mysql://it%27s:pw@[::1]/shop.1'));
    expect(text).not.toContain('pw');
    expect(text).toMatch(/^# Pipeline for shop\.1 on MariaDB 11\.4\.5-MariaDB\n\n/);
    expect(text).toContain('  #   shop.1.orders, about 7 rows, no primary key\n');
    const config = parsePipeline(text, '/x.yaml', { SHOP_1_PASSWORD: 'pw' });
    expect(config.warnings).toEqual([]);
    expect(config.source.connectorClass).toBe('mariadb');
    const { options } = config.source;
    expect(options.string('database.user')).toBe("it's");
    const [pattern] = options.patterns('database.include.list');
    expect(['shop.1', 'shopx1'].map((name) => pattern?.test(name))).toEqual([true, false]);
  });

  test('a URL without a database means all of them', () => {
    const schemas = [
      { name: 'a', tables },
      { name: 'b', tables },
    ];
    const text = renderPipelineFile(mysqlInspection('mysql://me@h:3307', { schemas }));
    const { name, source } = parsePipeline(text, '/x.yaml', { PIPELINE_PASSWORD: 'pw' });
    expect(name).toBe('pipeline');
    expect(source.options.string('database.port')).toBe('3307');
    expect(source.options.patterns('database.include.list')).toHaveLength(2);
    const none = renderPipelineFile(mysqlInspection('mysql://me@h', { schemas: [] }));
    expect(none).not.toContain('database.include.list');
  });

  test('what is missing on the server stands at the top, with its cure', () => {
    const cure = "GRANT REPLICATION SLAVE ON *.* TO 'cdc'@'%';";
    const problems = [new TidemarkError('MYSQL_PERMISSION', 'may not read the binlog', { cure })];
    const warnings = [{ message: 'binlog_row_image is\nMINIMAL', cure: '' }];
    const text = renderPipelineFile(
      mysqlInspection('mysql://me@h/shop', { findings: { problems, warnings } }),
    );
    expect(text).toContain(`\n# ATTENTION: may not read the binlog. ${cure}\n`);
    expect(text).toContain('\n# NOTE: binlog_row_image is MINIMAL\n');
  });
});
