import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { plainValue } from '../model/plain-value.ts';
import type { ParkedKey } from '../model/sink-record.ts';
import { keyTextOf } from '../sink/parked-key.ts';
import { sinkErrorsOf, sourceErrorsOf } from './dead-letter-options.ts';
import { DeadLetterReader, type ReadLetter } from './dead-letter-reader.ts';
import { type KeyReplay, replayKeys } from './dead-letter-replay.ts';
import { openLetterReplay, waitingKeys } from './open-letter-replay.ts';
import { openForReading } from './open-transport.ts';

/** Which dead letters are meant; null: all. */
export interface LetterChoice {
  readonly sink: string | null;
  readonly topic: string | null;
  /** As `list` shows it. */
  readonly key: string | null;
}

/** Dead letters that nothing waits for: errors.park is, or was, `record`. */
export interface LooseLetters {
  readonly topic: string;
  readonly stage: string;
  readonly code: string | null;
  readonly letters: number;
  readonly firstMs: number;
  /** Of the last of them. */
  readonly message: string;
}

/** The dead letters of a sink. */
export interface SinkLetters {
  readonly sink: string;
  /** Null: they are dropped. */
  readonly letterTopic: string | null;
  readonly keys: readonly ParkedKey[];
  readonly loose: readonly LooseLetters[];
}

/** A dead letter as people and programs read it. */
export interface ShownLetter {
  readonly sink: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly stage: string;
  readonly code: string | null;
  readonly message: string;
  /** It waits for a replay. */
  readonly waits: boolean;
  readonly key: unknown;
  /** Text of the bytes where they cannot be read. */
  readonly value: unknown;
}

/** What `dlq replay` did. */
export interface ReplayResult {
  readonly sink: string;
  readonly applied: number;
  readonly keys: readonly KeyReplay[];
}

/** What commands on dead letters work with. */
export interface LetterCommand {
  readonly config: PipelineConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Keys that wait, and what nothing waits for; of each sink that has dead letters. */
export async function listLetters(
  command: LetterCommand,
  choice: LetterChoice,
): Promise<readonly SinkLetters[]> {
  const found: SinkLetters[] = [];
  for (const sink of chosenSinks(command.config, choice.sink)) {
    const { topic, park } = lettersOf(command.config, sink);
    const keys = (await waitingKeys(sink, command)).filter((one) => isChosen(one, choice));
    const loose = park === 'record' && topic !== null ? await looseLetters(command, sink) : [];
    found.push({ sink: sink.name, letterTopic: topic, keys, loose });
  }
  return found;
}

/** The letters themselves, the oldest first. */
export async function* showLetters(
  command: LetterCommand,
  choice: LetterChoice,
): AsyncGenerator<ShownLetter> {
  const { config, clock, signal } = command;
  for (const sink of chosenSinks(config, choice.sink)) {
    const { topic } = lettersOf(config, sink);
    if (topic === null) continue;
    const waiting = await waitingKeys(sink, { clock, signal });
    await using transport = await openForReading({ config }, clock);
    const reader = await DeadLetterReader.open(config, transport, topic, sink.name);
    for await (const letters of reader.letters(signal)) {
      for (const letter of letters) {
        const shown = shownLetter(letter, waiting);
        const key = letter.record === null ? null : keyTextOf(letter.record);
        if (isChosen({ topic: shown.topic, key: key ?? '' }, choice)) yield shown;
      }
    }
  }
}

/** Applies what waits, after the cure; keys that fail again wait on. */
export async function replayLetters(
  command: LetterCommand,
  choice: LetterChoice,
): Promise<readonly ReplayResult[]> {
  const { config, clock, signal } = command;
  const results: ReplayResult[] = [];
  for (const sink of chosenSinks(config, choice.sink)) {
    const keys = (await waitingKeys(sink, { clock, signal })).filter((one) =>
      isChosen(one, choice),
    );
    const { topic, park } = lettersOf(config, sink);
    if (keys.length > 0 && topic !== null && park === 'key') {
      await using replay = await openLetterReplay(sink, { clock, signal });
      await using transport = await openForReading({ config }, clock);
      const reader = await DeadLetterReader.open(config, transport, topic, sink.name);
      const isWanted = (key: ParkedKey): boolean => isChosen(key, choice);
      results.push({ sink: sink.name, ...(await replayKeys(replay, reader, isWanted, signal)) });
    } else if (keys.length > 0) {
      throw new TidemarkError('SINK_KEY_PARKED', `${sink.name}: errors.park is not key any more`, {
        cure: 'Set errors.park to key, with the topic of dead letters as it was, and replay again.',
      });
    } else results.push({ sink: sink.name, applied: 0, keys: [] });
  }
  return results;
}

/** Gives up what waits; returns how many keys, by sink. */
export async function dropLetters(
  { config, clock, signal }: LetterCommand,
  choice: LetterChoice,
): Promise<readonly { readonly sink: string; readonly keys: number; readonly letters: number }[]> {
  const dropped: { sink: string; keys: number; letters: number }[] = [];
  for (const sink of chosenSinks(config, choice.sink)) {
    const keys = (await waitingKeys(sink, { clock, signal })).filter((one) =>
      isChosen(one, choice),
    );
    if (keys.length === 0) {
      dropped.push({ sink: sink.name, keys: 0, letters: 0 });
      continue;
    }
    await using replay = await openLetterReplay(sink, { clock, signal });
    const names = new Map(keys.map(({ topic, key }) => [`${topic} ${key}`, { topic, key }]));
    let count = 0;
    for (const one of names.values()) count += await replay.drop(one);
    const letters = keys.reduce((sum, key) => sum + key.letters, 0);
    dropped.push({ sink: sink.name, keys: count, letters });
  }
  return dropped;
}

function lettersOf(
  { source }: PipelineConfig,
  sink: ConnectorConfig,
): { readonly topic: string | null; readonly park: string | null } {
  const errors = sinkErrorsOf(sink, source.options);
  return { topic: errors?.letters?.topic ?? null, park: errors?.park ?? null };
}

/** Sinks that write files have no dead letters; without others those of the source are meant. */
function chosenSinks(config: PipelineConfig, name: string | null): readonly ConnectorConfig[] {
  const { sinks, source, file } = config;
  const able = sinks.filter((sink) => sinkErrorsOf(sink, source.options) !== null);
  const chosen = name === null ? able : able.filter((sink) => sink.name === name);
  const isSourceMeant = name === null && sourceErrorsOf(config) !== null;
  if (chosen.length > 0 || isSourceMeant) return chosen;
  const names = able.map((sink) => sink.name).join(', ');
  throw new TidemarkError(
    'USAGE',
    `${file} has no sink ${name ?? ''} that could have dead letters; it has ${names || 'none'}`,
  );
}

function isChosen(
  one: { readonly topic: string; readonly key: string },
  { topic, key }: LetterChoice,
): boolean {
  if (topic !== null && topic !== one.topic) return false;
  return key === null || key === one.key || compact(key) === one.key;
}

/** JSON with other spaces is the same key. */
function compact(key: string): string {
  try {
    return JSON.stringify(JSON.parse(key));
  } catch {
    return key;
  }
}

async function looseLetters(
  { config, clock, signal }: LetterCommand,
  sink: ConnectorConfig,
): Promise<readonly LooseLetters[]> {
  const { topic } = lettersOf(config, sink);
  await using transport = await openForReading({ config }, clock);
  const reader = await DeadLetterReader.open(config, transport, topic ?? '', sink.name);
  const kinds = new Map<string, LooseLetters>();
  for await (const letters of reader.letters(signal)) {
    for (const { context, timestampMs } of letters) {
      const { topic: origin, stage, code, message } = context;
      const kind = `${origin} ${stage} ${code}`;
      const known = kinds.get(kind);
      const firstMs = known?.firstMs ?? timestampMs;
      const count = (known?.letters ?? 0) + 1;
      kinds.set(kind, { topic: origin, stage, code, letters: count, firstMs, message });
    }
  }
  return [...kinds.values()];
}

function shownLetter({ context, record, timestampMs }: ReadLetter, waiting: readonly ParkedKey[]) {
  const { topic, partition, offset, stage, code, message, sink } = context;
  const text = record === null ? null : keyTextOf(record);
  const { key, value, raw, failure } = record ?? {};
  const entry = waiting.find(
    (one) => one.topic === topic && one.partition === partition && one.key === text,
  );
  const isRead = failure === undefined;
  return {
    sink,
    topic,
    partition,
    offset,
    timestampMs,
    stage,
    code,
    message,
    waits: entry !== undefined && offset >= entry.offset,
    key: key === null || key === undefined ? (raw?.key?.toString() ?? null) : plainValue(key),
    value: isRead ? plainValue(value ?? null) : (raw?.value?.toString() ?? null),
  };
}
