import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { checkAlertChannels } from '../../src/runtime/alert-channel-check.ts';
import { runInProcess } from '../support/cli-in-process.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { startScriptedHttp } from '../support/scripted-http.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

test('each channel that would not work is named, and nobody is told anything', async () => {
  await using hook = await startScriptedHttp(() => undefined);
  await using mail = await startSmtpServer('none');
  const email = { type: 'email', 'smtp.host': 'localhost', from: 'a@b.c', to: 'd@e.f' };
  const alerts = [
    { type: 'topic' },
    { type: 'webhook', url: `${hook.origin}/key` },
    { type: 'slack', url: 'http://localhost:1/key' },
    { ...email, 'smtp.port': mail.port, 'smtp.security': 'none' },
    // Whoever wants encryption does not get by without it.
    { ...email, name: 'safe', 'smtp.port': mail.port },
    { type: 'command', command: ['/nowhere/notify', '--key'] },
    { type: 'command', name: 'off', enabled: false, command: ['/nowhere/notify'] },
    // It takes connections, and never greets.
    { ...email, name: 'silent', 'smtp.port': hook.port, 'smtp.security': 'none', timeout: '200ms' },
  ];
  const problems = await checkAlertChannels(parsedPipeline({ alerts }), systemClock);
  expect(problems.map(({ code }) => code)).toEqual(Array(4).fill('ALERT_CHANNEL'));
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^alerts would not reach the channel slack: .*ECONNREFUSED/),
    expect.stringMatching(/^alerts would not reach the channel safe: mail by localhost/),
    'alerts would not reach the channel command: /nowhere/notify cannot be run: ENOENT',
    expect.stringMatching(/^alerts would not reach the channel silent: .*(200 ms|imeout|received)/),
  ]);
  expect(problems[0]?.cure).toBe('Mend it, then try it: tidemark alerts test /p.yaml slack');
  expect([hook.requests, mail.mails]).toEqual([[], []]);
});

test('check tells of them beside what else is wrong', async () => {
  await using folder = await pipelineFolder({
    name: 'lines',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 'lines' },
    sinks: [{ name: 'out', 'connector.class': 'file', file: 'out.txt' }],
    alerts: [{ type: 'command', command: ['/nowhere/notify'] }, { type: 'topic' }],
  });
  await writeFile(path.join(folder.folder, 'in.txt'), '');
  const { code, stdout } = await runInProcess(['check', folder.file, '--json']);
  expect([code, JSON.parse(stdout)]).toMatchObject([
    3,
    { ok: false, errors: [{ code: 'ALERT_CHANNEL' }], warnings: [] },
  ]);
});
