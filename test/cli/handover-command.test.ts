import { expect, test } from 'vitest';
import { toConnectEntries } from '../../src/runtime/source-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { runProgram } from '../support/cli-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

test('prints what the connector must be told, for people and for programs', async () => {
  await using pipeline = await pipelineFolder({
    name: 'orders',
    transport: { type: 'embedded', path: './log' },
    source: {
      'connector.class': 'postgres',
      'topic.prefix': 'shop',
      'database.hostname': 'db',
      'database.user': 'u',
      'database.password': 'p',
      'database.dbname': 'd',
      'slot.name': 'mine',
    },
  });
  const none = await runProgram(['offsets', 'handover', pipeline.file]);
  expect(none.code).toBe(3);
  const offset = { lsn: 5, messageType: 'COMMIT' };
  {
    await using transport = await openEmbeddedTransport({ path: `${pipeline.folder}/log` });
    const partition = { server: 'shop' };
    await transport.storeOffset(toConnectEntries('orders', { partition, offset }));
  }
  const { code, stdout } = await runProgram(['offsets', 'handover', pipeline.file]);
  expect(code).toBe(0);
  expect(stdout).toContain('  slot.name=mine\n');
  const body = { offsets: [{ partition: { server: 'shop' }, offset }] };
  const patched = /PATCH \/connectors\/orders\/offsets with\n\s+(\{.*\})\n$/.exec(stdout)?.[1];
  expect(JSON.parse(patched ?? '')).toEqual(body);
  const json = await runProgram(['offsets', 'handover', pipeline.file, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ ...body, inPlace: false, connector: 'orders' });
});
