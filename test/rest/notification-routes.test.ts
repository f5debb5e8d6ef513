import { expect, test } from 'vitest';
import { startHttpServer } from '../../src/rest/http-server.ts';
import { notificationRoutes } from '../../src/rest/notification-routes.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

test("notifications come in the form of Debezium's records, the newest last", async () => {
  const told = ['STARTED', 'COMPLETED'].map((type, i) => ({
    id: `n${i}`,
    type,
    aggregateType: 'Initial Snapshot',
    additionalData: { connector_name: 'shop' },
    timestampMs: 1_700_000_000_000 + i,
  }));
  const address = { host: '127.0.0.1', port: 0, token: undefined };
  const status = { status: () => pipelineStatus() };
  const routes = notificationRoutes({ notifications: () => told });
  await using server = await startHttpServer(address, status, [routes]);
  const response = await fetch(`${server.url}/notifications`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual([
    {
      id: 'n0',
      type: 'STARTED',
      aggregate_type: 'Initial Snapshot',
      additional_data: { connector_name: 'shop' },
      timestamp: 1_700_000_000_000,
    },
    expect.objectContaining({ id: 'n1', type: 'COMPLETED' }),
  ]);
});
