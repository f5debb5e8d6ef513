import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type LogOptions, silentLogger } from '../../src/runtime/logger.ts';

const MODULE = fileURLToPath(new URL('../../src/runtime/logger.ts', import.meta.url));

/** Both streams of a process that logs with `statements`; it has no terminal. */
function logged(options: LogOptions, statements: string): { stdout: string; stderr: string } {
  const script = `
    import { createLogger } from ${JSON.stringify(MODULE)};
    const logger = createLogger(${JSON.stringify(options)});
    ${statements}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );
  expect(status).toBe(0);
  return { stdout, stderr };
}

test('JSON lines on standard error, below no level that was not asked for', () => {
  const { stdout, stderr } = logged(
    { level: 'info', format: 'auto' },
    "logger.debug('quiet'); logger.info({ task: 'source' }, 'snapshot starts');",
  );
  expect(stdout).toBe('');
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    task: 'source',
    msg: 'snapshot starts',
  });
});

test('an error is told with its causes; passwords are not', () => {
  const { stderr } = logged(
    { level: 'info', format: 'json' },
    `const cause = new Error('connection reset');
     logger.error({ err: new Error('no answer', { cause }), options: { password: 'hidden' } });
     logger.warn({ source: { 'database.password': 'hidden' }, password: 'hidden' }, 'w');`,
  );
  expect(stderr).not.toContain('hidden');
  const [first] = stderr.split('\n').map((line): unknown => JSON.parse(line || 'null'));
  expect(first).toMatchObject({
    err: { message: 'no answer', cause: { message: 'connection reset' } },
    options: { password: '***' },
  });
});

test('pretty is for people, without colours where there is no terminal', () => {
  const { stderr } = logged({ level: 'info', format: 'pretty' }, "logger.info('up');");
  expect(stderr).toMatch(/INFO.*: up/);
  expect(stderr).not.toContain('\u001B[');
});

test('the silent one has no level to write at', () => {
  expect(silentLogger().isLevelEnabled('fatal')).toBe(false);
});

test('what is drawn on the terminal can make way for each line, and only then', () => {
  const { stdout, stderr } = logged(
    { level: 'info', format: 'json' },
    `const beforeLine = () => process.stdout.write('way.');
     const drawn = createLogger({ level: 'info', format: 'json', beforeLine });
     drawn.debug('unheard'); drawn.info('one'); drawn.child({ task: 'w' }).warn('two');`,
  );
  expect(stdout).toBe('way.way.');
  expect(stderr.trim().split('\n')).toHaveLength(2);
});
