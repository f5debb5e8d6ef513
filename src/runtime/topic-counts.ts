/** What of a sink is told by topics. */
export interface TopicCounts {
  readonly lagByTopic: ReadonlyMap<string, number>;
  readonly lettersByTopic: ReadonlyMap<string, number>;
}

/** `ends` and `positions` by `topic/partition`. */
export function topicCounts(
  ends: ReadonlyMap<string, number>,
  positions: ReadonlyMap<string, { readonly offset: number }>,
  letters: ReadonlyMap<string, number> = new Map(),
): TopicCounts {
  const lags = new Map<string, number>();
  for (const [key, end] of ends) {
    const topic = key.slice(0, key.lastIndexOf('/'));
    const lag = Math.max(0, end - (positions.get(key)?.offset ?? 0));
    lags.set(topic, (lags.get(topic) ?? 0) + lag);
  }
  return { lagByTopic: lags, lettersByTopic: letters };
}
