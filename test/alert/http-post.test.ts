import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { HttpPost } from '../../src/alert/http-post.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';
import { pemFile } from '../support/tls-server.ts';

test('a login in the URL goes along as a header', async () => {
  await using server = await startScriptedHttp((_request, response) => {
    answerJson(response, 200, {});
  });
  const post = new HttpPost(server.origin.replace('//', '//me:p%40ss@'), undefined, 1000);
  await post.send('{}', {}, new AbortController().signal);
  const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  expect(server.requests[0]?.headers.authorization).toBe(basic);
  expect(post.target).toBe(server.origin);
});

test('the reason for which it was broken off is the error', async () => {
  await using server = await startScriptedHttp(() => undefined);
  const post = new HttpPost(server.origin, undefined, 60_000);
  const limit = new AbortController();
  const sent = post.send('{}', {}, limit.signal);
  limit.abort(new TidemarkError('ALERT_CHANNEL', 'no answer within 5 ms'));
  await expect(sent).rejects.toThrow('no answer within 5 ms');
});

test('a probe connects as a post would, and posts nothing', async () => {
  const ignore = (): void => undefined;
  await using plain = await startScriptedHttp(ignore);
  await using secure = await startScriptedHttp(ignore, 'tls');
  const { signal } = new AbortController();
  const tell = (url: string, caFile?: string): Promise<string> =>
    new HttpPost(url, caFile, 1000).probe(signal).then(
      () => 'fine',
      (error: Error) => error.message,
    );
  const ca = pemFile('ca.pem');
  const stranger = secure.origin.replace('localhost', '127.0.0.1');
  expect(
    await Promise.all([
      tell(`${plain.origin}/secret`),
      tell(`${secure.origin}/secret`, ca),
      tell(secure.origin),
      tell(stranger, ca),
      tell(secure.origin, '/nowhere.pem'),
      tell('http://localhost:1/secret'),
      tell('http://[::1]:1/secret'),
      tell('https://no-such-host.invalid/secret'),
    ]),
  ).toEqual([
    'fine',
    'fine',
    expect.stringMatching(/^https:\/\/localhost:\d+: .*certificate/),
    expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+: .*IP: 127\.0\.0\.1 is not in/),
    'ca.file /nowhere.pem: ENOENT',
    expect.stringMatching(/^http:\/\/localhost:1: connect ECONNREFUSED/),
    expect.stringMatching(/^http:\/\/\[::1\]:1: connect E/),
    expect.stringMatching(/^https:\/\/no-such-host\.invalid: getaddrinfo E/),
  ]);
  expect([...plain.requests, ...secure.requests]).toEqual([]);
});

test('the reason of a probe that took too long is that of its limit', async () => {
  const limit = new AbortController();
  // It takes the connection, and says nothing of TLS.
  await using silent = await startScriptedHttp(() => undefined);
  const probe = new HttpPost(silent.origin.replace('http:', 'https:'), undefined, 60_000);
  const done = probe.probe(limit.signal);
  limit.abort(new TidemarkError('ALERT_CHANNEL', 'no answer within 5 ms'));
  await expect(done).rejects.toThrow('no answer within 5 ms');
});
