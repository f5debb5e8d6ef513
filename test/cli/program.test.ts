import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

const COMMANDS = 'run bootstrap check plan init status tail decode explain demo'.split(' ');

describe('help', () => {
  test('without a command the program shows what there is, and fails', async () => {
    const { code, stdout } = await runProgram([]);
    expect(code).toBe(2);
    for (const command of [...COMMANDS, 'offsets']) expect(stdout).toContain(`\n  ${command} `);
  });

  test.each([
    ...COMMANDS.map((name) => [name]),
    ['offsets', 'show'],
    ['offsets', 'handover'],
    ['import', 'debezium'],
  ])('%s %s', async (...command) => {
    const words = command.filter((word) => typeof word === 'string');
    const { code, stdout, stderr } = await runProgram([...words, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: tidemark ${words.join(' ')}`);
    expect(stdout).toContain('--json');
    expect(stdout).toMatch(/Examples:\n {2}tidemark /);
  });

  // A prompt that completes names, a script that asks for the version: all was loaded for them.
  test.each([['--version'], ['explain', 'PG_AUTH']])('%s loads little', async (...args) => {
    const counts = `import { registerHooks } from 'node:module';
      let count = 0;
      registerHooks({ load(url, context, next) { count++; return next(url, context); } });
      process.on('exit', () => process.stderr.write(String(count)));`;
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(counts)}`;
    const words = args.filter((word) => typeof word === 'string');
    const { code, stderr } = await runProgram(words, { NODE_OPTIONS });
    expect(code).toBe(0);
    expect(Number(stderr)).toBeLessThan(80);
  });

  test('the version', async () => {
    expect(await runProgram(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});

describe('usage', () => {
  test.each([
    [['rn', 'a.yaml'], /^USAGE {2}unknown command 'rn' \(Did you mean run\?\)/],
    [['run'], /^USAGE {2}missing required argument 'file'/],
    [['run', 'a', '--colour'], /^USAGE {2}unknown option '--colour'/],
    [['tail', 't', '--limit', 'x'], /^USAGE {2}.*a whole number from 1 is expected/],
    [['demo', '--for', 'soon'], /^USAGE {2}.*a time such as 20s is expected/],
    [['tail', 't'], /^USAGE {2}name the log: --file/],
    [['init', 'oracle://h/d'], /^USAGE {2}the URL must have the form postgres:/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runProgram(args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('configuration', () => {
  test('bad YAML: one error with the place', async () => {
    await using pipeline = await pipelineFolder('name: shop\nsource:\n  a: [1\n  b: 2\n');
    const { code, stderr } = await runProgram(['run', pipeline.file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^CONFIG_SYNTAX {2}.*shop\.yaml:4:\d+: /);
    expect(stderr).toContain('\n    b: 2\n');
    expect(stderr).toContain('cure: ');
  });

  const faulty = {
    name: 'shop',
    source: {
      'connector.class': 'postgres',
      'database.hostname': 'localhost',
      'database.user': 'me',
      'database.pasword': 'hunter2',
      'database.password': '${env:SHOP_PASSWORD}',
      'topic.prefix': 'shop',
    },
  };

  test.each(['run', 'bootstrap', 'check', 'plan', 'status'])(
    '%s lists all that is wrong, and what may be meant',
    async (command) => {
      await using pipeline = await pipelineFolder(faulty);
      const { code, stdout, stderr } = await runProgram([command, pipeline.file]);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain(
        'source: database.pasword is not a known property; did you mean database.password?',
      );
      expect(stderr).toContain(
        '\n1. CONFIG_INVALID  source: database.password: the environment variable SHOP_PASSWORD ',
      );
      expect(stderr).toMatch(/\n2\. CONFIG_INVALID {2}source: database\.dbname is required\n/);
      expect(stderr).not.toContain('hunter2');
    },
  );

  test('the same for programs', async () => {
    await using pipeline = await pipelineFolder(faulty);
    const { code, stdout, stderr } = await runProgram(['check', pipeline.file, '--json']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const { errors, warnings } = JSON.parse(stdout) as { errors: { code: string }[]; warnings: [] };
    expect(errors.map((error) => error.code)).toEqual(['CONFIG_INVALID', 'CONFIG_INVALID']);
    expect(warnings).toHaveLength(1);
  });

  test('no server: the environment is not ready', async () => {
    await using pipeline = await pipelineFolder({
      name: 'shop',
      source: { ...faulty.source, 'database.dbname': 'shop', 'database.port': 1 },
      sinks: [
        { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://me@localhost:1/w' },
      ],
    });
    const environment = { SHOP_PASSWORD: 'hunter2' };
    const { code, stderr } = await runProgram(['check', pipeline.file], environment);
    expect(code).toBe(3);
    expect(stderr).toMatch(/\n1\. PG_CONNECT {2}/);
    expect(stderr).toMatch(/\n2\. SINK_CONNECT {2}sink w: /);
    expect(stderr).not.toContain('hunter2');
  });

  test('nothing to ask: neither daemon nor store', async () => {
    await using pipeline = await pipelineFolder('');
    const { code, stderr } = await runProgram(['status', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^NOT_RUNNING {2}no daemon answers/);
    const offsets = await runProgram(['offsets', 'show', '--path', pipeline.folder]);
    expect(offsets.code).toBe(3);
    expect(offsets.stderr).toMatch(/^STORE_OPEN {2}/);
  });
});
