import { Kafka, logLevel, type Admin, type ITopicConfig } from 'kafkajs';
import { vi } from 'vitest';

/** Makes topics; resolves when their partitions have leaders, which kafkajs's own wait may miss. */
export async function makeTopics(
  bootstrapServers: string,
  topics: readonly ITopicConfig[],
): Promise<void> {
  const brokers = bootstrapServers.split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    // A cluster that has just started may not have counted its last broker yet.
    await vi.waitFor(() => admin.createTopics({ topics: [...topics], waitForLeaders: false }), {
      timeout: 20_000,
      interval: 200,
    });
    // A broker may answer for a moment that it has never heard of them.
    await vi.waitFor(() => checkLeaders(admin, topics), { timeout: 20_000, interval: 50 });
  } finally {
    await admin.disconnect();
  }
}

async function checkLeaders(admin: Admin, wanted: readonly ITopicConfig[]): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) });
  const leaders = topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
  if (topics.length < wanted.length || leaders.some((leader) => leader < 0)) {
    throw new Error(`no leader yet: ${JSON.stringify(topics)}`);
  }
}
