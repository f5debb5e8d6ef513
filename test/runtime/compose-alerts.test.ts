import { expect, test } from 'vitest';
import { openAlertChannel } from '../../src/runtime/compose-alerts.ts';
import { alertsConfig } from '../support/alert-fixtures.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('each kind of channel is made of its options, and tells no secrets', async () => {
  await using folder = await temporaryFolder('alerts');
  const size = { path: folder.path, maxBytes: 16 * 1024 * 1024 };
  await using transport = await openEmbeddedTransport(size);
  const mail = { 'smtp.host': 'mx.example', from: 'a@b.c', to: ['d@e.f', 'g@h.i'] };
  const { channels } = alertsConfig([
    { type: 'topic' },
    { type: 'topic', name: 'other', topic: 'alerts' },
    { type: 'webhook', url: 'https://me:pw@hooks.example/key', 'header.x-a': 'b' },
    { type: 'slack', url: 'https://hooks.slack.example/services/key' },
    { type: 'email', ...mail },
    { type: 'email', name: 'tls', ...mail, 'smtp.security': 'tls' },
    { type: 'email', name: 'plain', ...mail, 'smtp.security': 'none', 'smtp.port': 2525 },
    { type: 'command', command: ['/usr/bin/notify', '--key', 'x'] },
  ]);
  const say = (): void => undefined;
  const logger = { info: say, warn: say, error: say };
  const around = { pipeline: 'shop', clock: new FakeClock(), logger, transport };
  const targets = channels.map((channel) => openAlertChannel(channel, around).target);
  expect(targets).toEqual([
    "the daemon's log",
    '__tidemark.alerts.shop',
    'alerts',
    'https://hooks.example',
    'https://hooks.slack.example',
    'd@e.f, g@h.i by mx.example:587',
    'd@e.f, g@h.i by mx.example:465',
    'd@e.f, g@h.i by mx.example:2525',
    '/usr/bin/notify',
  ]);
});
