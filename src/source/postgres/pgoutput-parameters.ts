import type { PostgresSourceOptions } from './postgres-source-options.ts';

/** What pgoutput is asked for. */
export type StreamParameters = readonly (readonly [name: string, value: string])[];

/** Messages of this prefix are our own heartbeats: they move positions and are never records. */
export const OWN_MESSAGE_PREFIX = 'tidemark';

/**
 * The options of START_REPLICATION, in order. What slot.stream.params names wins over ours: the
 * server refuses an option that comes twice.
 */
export function streamParameters(
  options: Pick<PostgresSourceOptions, 'slotStreamParams'>,
  publicationNames: string,
): StreamParameters {
  const own: StreamParameters = [
    ['proto_version', '1'],
    ['publication_names', publicationNames],
    ['messages', 'true'],
  ];
  const given = new Set(options.slotStreamParams.map(([name]) => name));
  return [...own.filter(([name]) => !given.has(name)), ...options.slotStreamParams];
}
