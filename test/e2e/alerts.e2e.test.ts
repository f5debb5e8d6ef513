import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';

/** A file that goes into another one; it has worked once. */
async function workedPipeline(hook: string) {
  const port = await freeLoopbackPort();
  const { folder, file, ...rest } = await pipelineFolder({
    name: 'lines',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 'lines', 'poll.interval.ms': 20 },
    sinks: [{ name: 'out', 'connector.class': 'file', file: 'target/out.txt' }],
    alerts: {
      'resolve.after': '1s',
      rules: [{ classes: String.raw`task\.retrying`, for: 0, severity: 'critical' }],
      channels: [
        {
          type: 'webhook',
          name: 'oncall',
          url: hook,
          secret: 'shared',
          'retry.delay.max': '200ms',
        },
        { type: 'topic' },
      ],
    },
    http: { listen: `127.0.0.1:${port}` },
  });
  await writeFile(path.join(folder, 'in.txt'), '{"value":"one"}\n');
  await mkdir(path.join(folder, 'target'));
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ sinks }) => sinks[0]?.applied === 1);
  await daemon.stop();
  return { ...rest, folder, file, port };
}

// PITFALLS S25: an alert that was found is told, whatever happens between finding and telling.
test('killed between finding and telling, or telling and knowing: none is lost', async () => {
  const got: AlertNotice[] = [];
  let isUp = false;
  await using receiver = await startScriptedHttp((request, response) => {
    if (isUp) got.push(JSON.parse(request.body.toString()) as AlertNotice);
    answerJson(response, isUp ? 200 : 503, {});
  });
  await using pipeline = await workedPipeline(`${receiver.origin}/hook`);
  // Without its folder the sink fails.
  await rm(path.join(pipeline.folder, 'target'), { recursive: true });
  {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: 'alert.stored' });
    expect(await daemon.ended).toMatchObject({ signal: 'SIGKILL' });
  }
  expect(receiver.requests).toEqual([]);
  {
    // The receiver is down: what waits outlives this process, too.
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ alerts }) => {
      const { channels = [] } = alerts ?? {};
      const failed = channels.some(({ lastError }) => lastError?.includes('answered 503') === true);
      const waiting = channels.filter(({ queued }) => queued > 0).map(({ name }) => name);
      return failed && waiting.join() === 'oncall';
    });
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  isUp = true;
  {
    // Log and topic have it already.
    await using daemon = Daemon.start({ ...pipeline, faultPoint: 'alert.delivered' });
    await eventually(() => expect(got).toHaveLength(1));
    expect(await daemon.ended).toMatchObject({ signal: 'SIGKILL' });
  }
  await mkdir(path.join(pipeline.folder, 'target'));
  await using daemon = Daemon.start(pipeline);
  await eventually(() => expect(got.at(-1)).toMatchObject({ status: 'resolved', sink: 'out' }));
  // Told at least once, with one id, and the second time it is the same notice.
  const firing = got.filter(({ status }) => status === 'firing');
  expect(new Set(firing.map(({ notice }) => notice)).size).toBe(1);
  expect(firing[0]).toMatchObject({
    version: 1,
    pipeline: 'lines',
    class: 'task.retrying',
    severity: 'critical',
    sink: 'out',
    title: 'sink out does not get on and is tried again and again',
  });
  expect(new Set(got.map(({ id }) => id)).size).toBe(1);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});

test('what ends the daemon is told before it goes', async () => {
  await using receiver = await startScriptedHttp((_request, response) => {
    answerJson(response, 200, {});
  });
  await using pipeline = await workedPipeline(`${receiver.origin}/hook`);
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source }) => source.state === 'running');
  await appendFile(path.join(pipeline.folder, 'in.txt'), 'no JSON\n');
  const { code } = await daemon.ended;
  const told = receiver.requests.map(({ body }) => JSON.parse(body.toString()) as AlertNotice);
  expect({ code, told, said: daemon.output }).toMatchObject({
    code: 1,
    told: [{ class: 'task.failed', sink: null, severity: 'critical' }],
  });
});
