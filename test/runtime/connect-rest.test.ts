import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectRest } from '../../src/runtime/connect-rest.ts';

interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** Answers as Connect does; what a real worker answers, debezium-takeover.e2e.test.ts sees. */
async function serve(answers: Readonly<Record<string, Answer>>) {
  const logins: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    logins.push(request.headers.authorization);
    const { status = 200, body } = answers[request.url ?? ''] ?? { status: 404, body: '' };
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, logins };
}

const { signal } = new AbortController();

test('a connector with state, tasks and offsets; the login stays out of the URL', async () => {
  const { port, logins } = await serve({
    '/connectors': { body: '["a b"]' },
    '/connectors/a%20b/config': { body: '{"topic.prefix":"shop","tasks.max":1}' },
    '/connectors/a%20b/status': { body: '{"connector":{"state":"STOPPED"},"tasks":[]}' },
    '/connectors/a%20b/offsets': {
      body: '{"offsets":[{"partition":{"server":"shop"},"offset":{"lsn":9223372036854775807}}]}',
    },
  });
  const connect = new ConnectRest(`http://me:p%40ss@127.0.0.1:${port}/`, signal);
  expect(connect.url).toBe(`http://127.0.0.1:${port}`);
  expect(await connect.names()).toEqual(['a b']);
  expect(await connect.connector('a b')).toEqual({
    name: 'a b',
    config: { 'topic.prefix': 'shop', 'tasks.max': '1' },
    state: 'STOPPED',
    tasks: 0,
    offsets: [{ partition: { server: 'shop' }, offset: { lsn: 9223372036854775807n } }],
  });
  expect(new Set(logins)).toEqual(new Set([`Basic ${btoa('me:p@ss')}`]));
});

test.each<[string, Answer, RegExp, RegExp]>([
  ['no login', { status: 401, body: '' }, /answered 401/, /user and password/],
  ['a web page', { body: '<html>' }, /something else than JSON/, /URL/],
  ['another service', { body: '{}' }, /is not Kafka Connect's/, /URL/],
])(
  '%s: the message names what was asked, never the password',
  async (_title, answer, told, cure) => {
    const { port } = await serve({ '/connectors': answer });
    const asked = new ConnectRest(`http://me:secret@127.0.0.1:${port}`, signal).names();
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CONNECT_REST',
      message: expect.stringMatching(told) as string,
      cure: expect.stringMatching(cure) as string,
    });
    expect(JSON.stringify(error)).not.toContain('secret');
  },
);

test('nobody there, and a stop while it waits', async () => {
  const nobody = new ConnectRest('http://127.0.0.1:1', signal);
  await expect(nobody.names()).rejects.toMatchObject({ code: 'CONNECT_REST' });
  const stopped = new ConnectRest('http://127.0.0.1:1', AbortSignal.abort());
  await expect(stopped.names()).rejects.toMatchObject({ name: 'AbortError' });
});
