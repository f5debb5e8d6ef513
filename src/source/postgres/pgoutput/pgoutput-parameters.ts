import type { PostgresSourceOptions } from '../postgres-source-options.ts';

/** What pgoutput is asked for. */
export type StreamParameters = readonly (readonly [name: string, value: string])[];

/** Messages of this prefix are our own heartbeats: they move positions and are never records. */
export const OWN_MESSAGE_PREFIX = 'tidemark';

/**
 * The options of START_REPLICATION, in order. The protocol is the highest that the server knows and
 * that is needed. What slot.stream.params names wins over ours: the server refuses an option that
 * comes twice.
 */
export function streamParameters(
  options: Pick<
    PostgresSourceOptions,
    'slotStreamParams' | 'slotTwoPhase' | 'largeTransactionMode'
  >,
  publicationNames: string,
  serverVersion: number,
): StreamParameters {
  const given = new Set(options.slotStreamParams.map(([name]) => name));
  const streaming = (options.largeTransactionMode ?? 'spool') === 'spool' || given.has('streaming');
  const twoPhase = (options.slotTwoPhase ?? false) && serverVersion >= 150_000;
  const own: StreamParameters = [
    ['proto_version', String(streaming || twoPhase ? protocolOf(serverVersion) : 1)],
    ['publication_names', publicationNames],
    ['messages', 'true'],
    ...(streaming ? [['streaming', 'on'] as const] : []),
    ...(twoPhase ? [['two_phase', 'on'] as const] : []),
  ];
  const params = options.slotStreamParams.filter(
    ([name]) => name !== 'origin' || serverVersion >= 160_000,
  );
  return [...own.filter(([name]) => !given.has(name)), ...params];
}

/** `origin=none`; servers before 16 do not know it, so that the stream does the same. */
export function capturesOwnOnly(options: Pick<PostgresSourceOptions, 'slotStreamParams'>): boolean {
  return options.slotStreamParams.some(([name, value]) => name === 'origin' && value === 'none');
}

function protocolOf(serverVersion: number): number {
  if (serverVersion >= 160_000) return 4;
  return serverVersion >= 150_000 ? 3 : 2;
}
