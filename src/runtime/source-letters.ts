import type { PipelineConfig } from '../config/pipeline-config.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData } from '../model/connect-record.ts';
import { plainValue } from '../model/plain-value.ts';
import { copyOf } from '../transport/log-record.ts';
import type { Transport } from '../transport/transport.ts';
import { originalHeaders, sourceLetterContext } from './dead-letter-headers.ts';
import { sourceErrorsOf } from './dead-letter-options.ts';
import { scanLetters } from './dead-letter-scan.ts';
import type { LetterChoice, LetterCommand, LooseLetters } from './dead-letters.ts';
import { HeldRecords } from './held-records.ts';
import { openForMoving, openForReading } from './open-transport.ts';

/** The dead letters of the source. */
export interface SourceLetters {
  readonly source: string;
  /** Null: they are dropped. */
  readonly letterTopic: string | null;
  readonly loose: readonly LooseLetters[];
}

/** A dead letter of the source as people and programs read it. */
export interface ShownSourceLetter {
  readonly source: string;
  /** Where its record was to go. */
  readonly topic: string;
  /** Of the letter. */
  readonly offset: number;
  readonly timestampMs: number;
  readonly stage: string;
  readonly code: string | null;
  readonly message: string;
  readonly key: unknown;
  readonly value: unknown;
}

/** Counts by cause; null: the source has no dead letters, or a sink's are asked for. */
export async function listSourceLetters(
  command: LetterCommand,
  choice: LetterChoice,
): Promise<SourceLetters | null> {
  const topic = topicOf(command.config, choice);
  if (topic === undefined) return null;
  const kinds = new Map<string, LooseLetters>();
  for await (const letter of showSourceLetters(command, choice)) {
    const { topic: to, stage, code, message, timestampMs } = letter;
    const kind = `${to} ${stage} ${code}`;
    const known = kinds.get(kind);
    const firstMs = known?.firstMs ?? timestampMs;
    const letters = (known?.letters ?? 0) + 1;
    kinds.set(kind, { topic: to, stage, code, letters, firstMs, message });
  }
  return { source: command.config.name, letterTopic: topic, loose: [...kinds.values()] };
}

/** Those that nobody has given up, the oldest first. */
export async function* showSourceLetters(
  { config, clock, signal }: LetterCommand,
  choice: LetterChoice,
): AsyncGenerator<ShownSourceLetter> {
  const topic = topicOf(config, choice) ?? null;
  if (topic === null) return;
  await using transport = await openForReading({ config }, clock);
  const records = new HeldRecords();
  const from = await givenUp(transport, config);
  for await (const letters of scanLetters(transport, topic, signal, from)) {
    for (const letter of letters) {
      const failure = sourceLetterContext(letter.headers);
      if (failure === null || failure.connector !== config.name) continue;
      const { topic: to, stage, code, message } = failure;
      const record = records.read(copyOf(letter, originalHeaders(letter.headers)));
      const key = shown(record.key);
      if (choice.topic !== null && choice.topic !== to) continue;
      if (choice.key !== null && !isKey(choice.key, key)) continue;
      const { offset, timestampMs } = letter;
      const value = shown(record.value);
      yield {
        source: config.name,
        topic: to,
        offset,
        timestampMs,
        stage,
        code,
        message,
        key,
        value,
      };
    }
  }
}

/** Forgets all that are there now; returns how many. */
export async function dropSourceLetters(command: LetterCommand): Promise<number> {
  const { config, clock } = command;
  const topic = topicOf(config, { sink: null, topic: null, key: null }) ?? null;
  if (topic === null) return 0;
  let letters = 0;
  for await (const _letter of showSourceLetters(command, EVERY)) letters++;
  if (letters === 0) return 0;
  await using transport = await openForMoving(config, clock, false);
  const description = await transport.describeTopic(topic);
  const ends = (description?.partitions ?? []).map(({ partition, endOffset }) => ({
    topic,
    partition,
    offset: endOffset,
  }));
  await transport.setGroupOffsets(groupOf(config), ends);
  return letters;
}

/** Why a replay of them is refused. */
export function noSourceReplay(letters: number): TidemarkError {
  return new TidemarkError(
    'SOURCE_LETTER',
    `${letters} dead letters are of the source, and newer changes of their rows have gone out`,
  );
}

const EVERY: LetterChoice = { sink: null, topic: null, key: null };

/** Undefined: none are asked for, or there can be none. */
function topicOf(config: PipelineConfig, { sink }: LetterChoice): string | null | undefined {
  const errors = sink === null ? sourceErrorsOf(config) : null;
  return errors === null ? undefined : errors.topic;
}

/** Its offset stands behind the letters that somebody gave up. */
function groupOf({ name }: PipelineConfig): string {
  return `tidemark-dlq.${name}`;
}

async function givenUp(
  transport: Transport,
  config: PipelineConfig,
): Promise<ReadonlyMap<number, number>> {
  const [group] = await transport.listGroups([groupOf(config)]);
  return new Map((group?.offsets ?? []).map(({ partition, offset }) => [partition, offset]));
}

function shown({ value }: ConnectData): unknown {
  return value === null ? null : plainValue(value);
}

/** JSON with other spaces is the same key. */
function isKey(asked: string, key: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(asked)) === JSON.stringify(key);
  } catch {
    return asked === key;
  }
}
