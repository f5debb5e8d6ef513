import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventNotice } from '../../src/alert/alert-notice.ts';
import { WebhookChannel, type WebhookSettings } from '../../src/alert/webhook-channel.ts';
import { alertEvent } from '../support/alert-fixtures.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';
import { pemFile } from '../support/tls-server.ts';

const NEVER = new AbortController().signal;
const notice = eventNotice(alertEvent(), 'breaking', 'shop', 1_700_000_000_000);

function channel(url: string, overrides: Partial<WebhookSettings> = {}): WebhookChannel {
  const settings = { name: 'hook', url, secret: null, headers: {}, caFile: undefined };
  return new WebhookChannel({ ...settings, timeoutMs: 2000, ...overrides }, new FakeClock());
}

test('the receiver can tell who sent it, when, and that it is whole', async () => {
  await using server = await startScriptedHttp((_request, response) => {
    answerJson(response, 202, {});
  }, 'tls');
  const hook = channel(`${server.origin}/alerts?key=x`, {
    secret: 'shared',
    caFile: pemFile('ca.pem'),
    headers: { 'x-team': 'data' },
  });
  await hook.deliver(notice, NEVER);
  const [heard] = server.requests;
  const body = heard?.body.toString() ?? '';
  const hmac = createHmac('sha256', 'shared').update(`1700000000.${body}`).digest('hex');
  expect(heard).toMatchObject({
    method: 'POST',
    path: '/alerts?key=x',
    headers: {
      'content-type': 'application/json',
      'tidemark-signature': `t=1700000000,v1=${hmac}`,
      'tidemark-notice': notice.notice,
      'x-team': 'data',
    },
  });
  expect(JSON.parse(body)).toMatchObject({
    ...notice,
    text: expect.stringContaining('bigint') as unknown,
  });
});

test('any answer but 2xx is none, and neither is silence', async () => {
  await using server = await startScriptedHttp((request, response) => {
    const status = Number(request.path.slice(1));
    if (status === 0) return;
    response.writeHead(status, { location: 'http://elsewhere/' });
    response.end('try\nlater');
  });
  const tell = (path: string): Promise<string> =>
    channel(`${server.origin}/${path}`, { timeoutMs: 200 })
      .deliver(notice, NEVER)
      .then(
        () => 'fine',
        (error: Error) => error.message,
      );
  expect(await Promise.all(['204', '500', '302', '0'].map(tell))).toEqual([
    'fine',
    `${server.origin} answered 500: try later`,
    `${server.origin} answered 302: which is a redirect, and none is followed`,
    `${server.origin}: no answer within 200 ms`,
  ]);
});

test('the path of the URL is a secret: it is in no message', async () => {
  const hook = channel('http://user:pass@127.0.0.1:1/services/T0/B0/secret');
  const failure = await hook.deliver(notice, NEVER).catch((error: unknown) => String(error));
  expect(`${hook.target} ${String(failure)}`).not.toMatch(/secret|pass/);
  expect(failure).toContain('ECONNREFUSED');
});
