import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

const STATUS = {
  name: 'shop',
  healthy: false,
  uptimeMs: 61_000,
  source: {
    state: 'backing-off',
    error: { code: 'PG_CONNECT', message: 'no route', cure: 'Look.' },
    phase: 'streaming',
    records: 12_345,
    lagMs: 1500,
    lagBytes: 2048,
    confirmedLsn: '0/16B3748',
    held: [{ topic: 'shop.public.v', code: 'SCHEMA_HELD', message: 'waits', cure: 'Approve it.' }],
  },
  sinks: [
    {
      name: 'dwh',
      state: 'running',
      error: null,
      applied: 10,
      lagRecords: 3,
      lagMsP99: null,
      parked: [
        { table: 'public.t', message: 'does not fit' },
        { table: 'public.u', message: 'does not fit either', held: true },
      ],
    },
  ],
  transport: { bytesUsed: 1024, bytesLimit: 1024 ** 3, records: 12 },
};

/** Answers as a daemon with a token does. */
async function fakeDaemon(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === 'Bearer t0ken';
    response.statusCode = isKnown ? 200 : 401;
    response.end(isKnown ? JSON.stringify(STATUS) : '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pipeline(name: string, port: number, token: string): unknown {
  const source = {
    'connector.class': 'postgres',
    'database.hostname': 'h',
    'database.dbname': 'd',
    'database.user': 'u',
    'topic.prefix': 'shop',
  };
  return { name, source, http: { listen: `0.0.0.0:${port}`, token } };
}

describe('status of a running daemon', () => {
  test('for people', async () => {
    await using daemon = await fakeDaemon();
    await using file = await pipelineFolder(pipeline('shop', daemon.port, 't0ken'));
    const { code, stdout } = await runProgram(['status', file.file]);
    expect(code).toBe(0);
    expect(stdout).toBe(`shop: unhealthy, up 61.0 s
source   backing-off, streaming; 12,345 records
  behind 1.5 s, 2.0 kB
  confirmed 0/16B3748
  PG_CONNECT no route
  cure: Look.
  held shop.public.v: waits
  cure: Approve it.
sink     dwh: running; 10 applied, 3 records behind, p99 ?
  parked public.t: does not fit
  held public.u: does not fit either
store    1.0 kB of 1.0 GB, 12 records
`);
  });

  test('for programs', async () => {
    await using daemon = await fakeDaemon();
    await using file = await pipelineFolder(pipeline('shop', daemon.port, 't0ken'));
    const { stdout } = await runProgram(['status', file.file, '--json']);
    expect(JSON.parse(stdout)).toEqual({ running: true, ...STATUS });
  });

  test('a wrong token is told, and not shown', async () => {
    await using daemon = await fakeDaemon();
    await using file = await pipelineFolder(pipeline('shop', daemon.port, 'hunter2'));
    const { code, stderr } = await runProgram(['status', file.file]);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^NOT_RUNNING {2}http:\/\/127\.0\.0\.1:\d+ answered 401\ncure: Set http\.token/,
    );
    expect(stderr).not.toContain('hunter2');
  });

  test("another pipeline's daemon is not taken for this one", async () => {
    await using daemon = await fakeDaemon();
    await using file = await pipelineFolder(pipeline('other', daemon.port, 't0ken'));
    const { code, stderr } = await runProgram(['status', file.file]);
    expect({ code, error: stderr.split(' ', 1)[0] }).toEqual({ code: 3, error: 'STORE_OPEN' });
  });
});
