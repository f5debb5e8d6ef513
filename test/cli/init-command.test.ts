import { describe, expect, test } from 'vitest';
import { renderPipelineFile } from '../../src/cli/init-command.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';
import { connectionOfUrl, type SourceInspection } from '../../src/runtime/inspect-source.ts';

function inspectionOf(url: string, overrides: Partial<SourceInspection> = {}): SourceInspection {
  return {
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

test.each(['mysql://h/d', 'postgres://h', 'shop', 'postgres://h:x/d'])(
  '%s is no such URL',
  (url) => {
    expect(() => connectionOfUrl(url)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
