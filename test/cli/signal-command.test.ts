import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

test('signals go to the daemon of the file, and its answer is told', async () => {
  const got: unknown[] = [];
  let status = 202;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      got.push([request.url, JSON.parse(Buffer.concat(parts).toString())]);
      response.statusCode = status;
      response.end(JSON.stringify(status === 202 ? { id: 'x' } : { message: 'not now' }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using folder = await pipelineFolder({
    name: 'shop',
    source: {
      'connector.class': 'postgres',
      'database.hostname': 'h',
      'database.dbname': 'd',
      'database.user': 'u',
      'topic.prefix': 'shop',
    },
    http: { listen: `127.0.0.1:${port}` },
  });
  const snapshot = ['snapshot', folder.file, '--tables', 'public.a', '--where', 'id > 5'];
  const first = await runProgram(snapshot);
  expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('signal x')]);
  const second = await runProgram(['signal', folder.file, 'pause-snapshot', '--json']);
  expect(JSON.parse(second.stdout)).toEqual({ id: 'x' });
  status = 503;
  const third = await runProgram(['signal', folder.file, 'log', '--data', '{"message":"m"}']);
  expect([third.code, third.stderr]).not.toEqual([0, '']);
  expect(third.stderr).toContain('not now');
  status = 202;
  const topic = ['--channel', 'kafka', '--id', 'z1'];
  const fourth = await runProgram(['signal', folder.file, 'stop-snapshot', ...topic]);
  expect([fourth.code, fourth.stdout]).toEqual([0, expect.stringContaining('topic of signals')]);
  const stray = await runProgram(['signal', folder.file, 'stop-snapshot', '--channel', 'sqs']);
  expect([stray.code, stray.stderr]).toEqual([2, expect.stringContaining('kafka')]);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  const last = await runProgram(['signal', folder.file, 'pause-snapshot']);
  expect(last.stderr).toContain('no daemon answers');
  expect(got).toEqual([
    [
      '/signals',
      {
        type: 'execute-snapshot',
        data: {
          'data-collections': ['public.a'],
          type: 'incremental',
          'additional-conditions': [{ 'data-collection': 'public.a', filter: 'id > 5' }],
        },
      },
    ],
    ['/signals', { type: 'pause-snapshot', data: '{}' }],
    ['/signals', { type: 'log', data: '{"message":"m"}' }],
    ['/signals', { type: 'stop-snapshot', data: '{}', id: 'z1', channel: 'kafka' }],
  ]);
});
