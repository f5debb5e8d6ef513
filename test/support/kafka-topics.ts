import { Kafka, logLevel, type Admin, type ITopicConfig } from 'kafkajs';
import { vi } from 'vitest';

/**
 * Makes topics; resolves when each of the brokers named knows the leaders of their partitions,
 * which kafkajs's own wait may miss.
 */
export async function makeTopics(
  bootstrapServers: string,
  topics: readonly ITopicConfig[],
): Promise<void> {
  const brokers = bootstrapServers.split(',');
  await using made = await adminOf(brokers);
  // A cluster that has just started may not have counted its last broker yet.
  await vi.waitFor(() => made.admin.createTopics({ topics: [...topics], waitForLeaders: false }), {
    timeout: 45_000,
    interval: 200,
  });
  for (const broker of brokers) {
    // Anew for each, as it asks the broker that it was given first.
    await using one = await adminOf([broker]);
    // A broker may answer for a moment that it has never heard of them.
    await vi.waitFor(() => checkLeaders(one.admin, topics), { timeout: 45_000, interval: 50 });
  }
}

async function adminOf(brokers: string[]): Promise<AsyncDisposable & { readonly admin: Admin }> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return { admin, [Symbol.asyncDispose]: () => admin.disconnect() };
}

async function checkLeaders(admin: Admin, wanted: readonly ITopicConfig[]): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) });
  const leaders = topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
  if (topics.length < wanted.length || leaders.some((leader) => leader < 0)) {
    throw new Error(`no leader yet: ${JSON.stringify(topics)}`);
  }
}
