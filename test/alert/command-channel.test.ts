import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { CommandChannel } from '../../src/alert/command-channel.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { alertEvent } from '../support/alert-fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NEVER = new AbortController().signal;
const notice = eventNotice(alertEvent(), 'breaking', 'shop', 1_700_000_000_000);
const node = (script: string, ...args: string[]): CommandChannel =>
  new CommandChannel('hook', [process.execPath, '-e', script, ...args]);

test('the arguments are taken as they stand, the alert is on the input', async () => {
  await using folder = await temporaryFolder('command');
  const file = path.join(folder.path, 'got');
  const script = `require('fs').writeFileSync(process.argv[1],
    process.argv[2] + '\\n' + require('fs').readFileSync(0))`;
  await node(script, file, '$(touch /tmp/x); a,b').deliver(notice, NEVER);
  const [argument, body = ''] = (await readFile(file, 'utf8')).split('\n', 2);
  expect(argument).toBe('$(touch /tmp/x); a,b');
  expect(JSON.parse(body)).toMatchObject({ id: notice.id, pipeline: 'shop' });
});

test('an exit code, a signal or a program that is not there are failures', async () => {
  const tell = (channel: CommandChannel): Promise<string> =>
    channel.deliver(notice, NEVER).then(
      () => 'fine',
      (error: Error) => error.message.replace(process.execPath, 'node'),
    );
  const said = await Promise.all([
    tell(node('process.stdin.destroy()')),
    tell(node(`console.error('no\\n such user'); process.exitCode = 3`)),
    tell(node(`process.kill(process.pid, 'SIGTERM')`)),
    tell(new CommandChannel('hook', ['/nowhere/notify'])),
  ]);
  expect(said).toEqual([
    'fine',
    'node ended with code 3: no such user',
    'node ended with SIGTERM',
    '/nowhere/notify ENOENT',
  ]);
});

test('at the time limit it is killed, with what it started', async () => {
  await using folder = await temporaryFolder('command');
  const file = path.join(folder.path, 'pid');
  const script = `const child = require('child_process').spawn(process.execPath,
    ['-e', 'setInterval(() => 0, 1000)']);
    require('fs').writeFileSync(process.argv[1], String(child.pid));
    setInterval(() => 0, 1000)`;
  const limit = new AbortController();
  const delivered = node(script, file).deliver(notice, limit.signal);
  const pid = await eventually(async () => {
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^\d+$/);
    return Number(text);
  });
  limit.abort(new TidemarkError('ALERT_CHANNEL', 'no answer within 5 ms'));
  await expect(delivered).rejects.toThrow('no answer within 5 ms');
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/));
});

test('a probe looks whether the program could be run, and runs nothing', async () => {
  await using folder = await temporaryFolder('command');
  const file = path.join(folder.path, 'notify');
  await writeFile(file, '#!/bin/sh\ntouch "$0.ran"\n', { mode: 0o755 });
  const plain = path.join(folder.path, 'plain');
  await writeFile(plain, 'x', { mode: 0o644 });
  const tell = (program: string): Promise<string> =>
    new CommandChannel('hook', [program]).probe().then(
      () => 'fine',
      (error: Error) => error.message.replaceAll(folder.path, ''),
    );
  expect(await Promise.all([file, 'sh', plain, folder.path, 'no-such-program'].map(tell))).toEqual([
    'fine',
    'fine',
    '/plain cannot be run: EACCES',
    ' cannot be run: it is a folder',
    'no-such-program cannot be run: ENOENT (looked for in PATH)',
  ]);
  expect(await readdir(folder.path)).toEqual(['notify', 'plain']);
});
