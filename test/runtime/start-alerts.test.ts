import { expect, test } from 'vitest';
import type { AlertNotice } from '../../src/alert/alert-notice.ts';
import { AlertStore } from '../../src/alert/alert-store.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { StartAlerts } from '../../src/runtime/start-alerts.ts';
import { eventually } from '../support/eventually.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';

const AWAY = new TidemarkError('KAFKA_CONNECT', 'no broker answers', { cure: 'Start one.' });

test('it tells at once; the log gets what fires and what a channel has not got', async () => {
  const got: AlertNotice[] = [];
  await using receiver = await startScriptedHttp((request, response) => {
    got.push(JSON.parse(request.body.toString()) as AlertNotice);
    answerJson(response, 200, {});
  });
  const config = parsedPipeline({
    alerts: { channels: [{ type: 'webhook', url: receiver.origin }, { type: 'topic' }] },
  });
  await using alerts = new StartAlerts(config, { clock: systemClock, logger: silentLogger() });
  expect(alerts.status()).toBeNull();
  alerts.waits(AWAY);
  alerts.waits(AWAY);
  expect(alerts.status()).toMatchObject({
    healthy: false,
    source: { error: { code: 'KAFKA_CONNECT' } },
    watch: { stalls: [{ cause: 'broker_down' }] },
  });
  await eventually(() => expect(got).toHaveLength(1));
  expect(got[0]).toMatchObject({
    status: 'firing',
    class: 'stall.broker_down',
    severity: 'critical',
    title: 'the start waits for the brokers: KAFKA_CONNECT',
  });
  const documents = new MemoryDocuments();
  // It has a past of its own.
  const store = new AlertStore(documents);
  const notice = { ...got[0], id: 'older' } as AlertNotice;
  await store.write({
    notices: [{ sequence: 7, stored: { notice, muted: null }, channels: ['webhook'] }],
  });
  await alerts.over(documents);
  const stored = store.load();
  expect(stored.history.map(({ sequence }) => sequence)).toEqual([7, 8]);
  expect(stored.firing).toMatchObject([{ condition: { class: 'stall.broker_down' } }]);
  const waiting = [...stored.queues].flatMap(([channel, queue]) =>
    queue.map((one) => `${channel} ${one.sequence} ${one.notice.id === got[0]?.id}`),
  );
  // The webhook has it; that the store is told so may have been cut off, then it comes again.
  expect(waiting).toContain('topic 8 true');
  expect(waiting).toContain('webhook 7 false');
});

test('a start that need not wait leaves nothing', async () => {
  const documents = new MemoryDocuments();
  const around = { clock: systemClock, logger: silentLogger() };
  await using alerts = new StartAlerts(parsedPipeline({}), around);
  await alerts.over(documents);
  expect(new AlertStore(documents).load().history).toEqual([]);
});
