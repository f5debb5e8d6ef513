import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { EmailChannel, emailHtml, type EmailSettings } from '../../src/alert/email-channel.ts';
import { alertEvent } from '../support/alert-fixtures.ts';
import { startSmtpServer } from '../support/smtp-server.ts';
import { pemFile } from '../support/tls-server.ts';

const NEVER = new AbortController().signal;
const notice = eventNotice(alertEvent(), 'breaking', 'shop', 1_700_000_000_000);

function channel(port: number, overrides: Partial<EmailSettings> = {}): EmailChannel {
  return new EmailChannel({
    name: 'mail',
    host: 'localhost',
    port,
    security: 'starttls',
    login: { user: 'me', password: 'right' },
    from: 'Tidemark <tidemark@shop.example>',
    to: ['oncall@shop.example', 'data@shop.example'],
    caFile: pemFile('ca.pem'),
    timeoutMs: 5000,
    ...overrides,
  });
}

test.each(['starttls', 'tls'] as const)('mail by %s, logged in only over TLS', async (security) => {
  await using server = await startSmtpServer(security);
  await channel(server.port, { security }).deliver(notice, NEVER);
  await channel(server.port, { security }).deliver(notice, NEVER);
  const [first, second] = server.mails;
  expect(first).toMatchObject({
    from: 'tidemark@shop.example',
    to: ['oncall@shop.example', 'data@shop.example'],
    isSecure: true,
    login: 'me:right',
  });
  const text = first?.text ?? '';
  expect(text).toContain('Subject: [breaking] shop: orders.amount is bigint now (was integer)');
  expect(text).toContain(`Message-ID: <${notice.notice}@tidemark.alerts>`);
  expect(text).toMatch(/^X-Priority: 1 \(Highest\)$/m);
  expect(text).toContain('Auto-Submitted: auto-generated');
  // Delivered twice, it is one message.
  expect(/^Message-ID: .*$/m.exec(second?.text ?? '')?.[0]).toBe(
    /^Message-ID: .*$/m.exec(text)?.[0],
  );
});

test('without encryption only when that was asked for', async () => {
  await using server = await startSmtpServer('none');
  const refused = channel(server.port).deliver(notice, NEVER);
  await expect(refused).rejects.toMatchObject({ code: 'ALERT_CHANNEL' });
  expect(server.commands.join()).not.toMatch(/AUTH|MAIL/);
  await channel(server.port, { security: 'none', login: null }).deliver(notice, NEVER);
  expect(server.mails).toMatchObject([{ isSecure: false, login: null }]);
});

test('what goes wrong is an error that does not tell the password', async () => {
  await using server = await startSmtpServer('starttls');
  const wrong = { login: { user: 'me', password: 'hunter2' } };
  const failures = await Promise.allSettled([
    channel(server.port, wrong).deliver(notice, NEVER),
    channel(server.port, { caFile: undefined }).deliver(notice, NEVER),
    channel(server.port, { caFile: '/nowhere.pem' }).deliver(notice, NEVER),
    channel(1).deliver(notice, NEVER),
  ]);
  const messages = failures.map((one) =>
    one.status === 'rejected' ? (one.reason as Error).message : 'fine',
  );
  expect(messages).toEqual([
    expect.stringMatching(/^mail by localhost:\d+: .*535 wrong password/),
    expect.stringMatching(/certificate/),
    'ca.file /nowhere.pem: ENOENT',
    expect.stringMatching(/ECONNREFUSED/),
  ]);
  expect(messages.join()).not.toContain('hunter2');
  server.refusal = '550 no such user';
  await expect(channel(server.port).deliver(notice, NEVER)).rejects.toThrow(/550 no such user/);
  expect(server.mails).toEqual([]);
});

test('a probe logs in, and sends nothing', async () => {
  await using server = await startSmtpServer('starttls');
  await channel(server.port).probe(NEVER);
  expect(server.commands.join()).toMatch(/EHLO.*STARTTLS.*EHLO.*AUTH/);
  expect(server.commands.join()).not.toMatch(/MAIL|RCPT|DATA/);
  const wrong = { login: { user: 'me', password: 'hunter2' } };
  const refused = channel(server.port, wrong).probe(NEVER);
  await expect(refused).rejects.toThrow(/^mail by localhost:\d+: .*535 wrong password/);
  await expect(channel(1).probe(NEVER)).rejects.toMatchObject({ code: 'ALERT_CHANNEL' });
});

test('names that look like HTML stay text', () => {
  const html = emailHtml(
    eventNotice(alertEvent({ title: '<b>&"x"' }), 'info', '<shop>', 1_700_000_000_000),
  );
  expect(html).toContain('[info] &lt;shop&gt;: &lt;b&gt;&amp;&quot;x&quot;');
});
