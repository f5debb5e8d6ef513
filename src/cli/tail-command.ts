import { listStoredTopics, type TailRecord, tailTopic } from '../runtime/topic-tail.ts';
import type { LogPlace } from '../runtime/open-transport.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';
import type { ConsoleOutput } from './console-output.ts';
import { logPlaceOf, type StoreLocation } from './store-location.ts';

/** Flags of `tail`. */
export interface TailCommandOptions extends StoreLocation {
  readonly fromBeginning: boolean;
  readonly follow: boolean;
  readonly limit: number | undefined;
  readonly list: boolean;
  readonly json: boolean;
}

/** `tidemark tail`: records of a topic, decoded; read-only, beside a running daemon or without. */
export async function tailCommand(
  topic: string | undefined,
  options: TailCommandOptions,
  context: CliContext,
): Promise<void> {
  const place = logPlaceOf(options, context);
  const { clock, signal, output } = context;
  if (options.list) {
    await listTopics(place, options, context);
    return;
  }
  if (topic === undefined) throw new TidemarkError('USAGE', 'name a topic, or use --list');
  for await (const record of tailTopic({ ...options, place, topic, clock, signal })) {
    if (options.json) output.json(record);
    else showRecord(output, record);
  }
}

async function listTopics(
  place: LogPlace,
  options: TailCommandOptions,
  { clock, output }: CliContext,
): Promise<void> {
  const topics = await listStoredTopics(place, clock);
  if (options.json) {
    output.json(topics);
    return;
  }
  const rows = topics.map(({ name, generation, partitions }) => {
    const records = partitions.reduce((sum, part) => sum + part.endOffset - part.startOffset, 0);
    return [name, String(partitions.length), String(records), String(generation)];
  });
  output.table([['topic', 'partitions', 'records', 'generation'], ...rows]);
}

function showRecord(output: ConsoleOutput, record: TailRecord): void {
  const time = new Date(record.timestampMs).toISOString();
  const place = output.style('dim', `${record.partition}/${record.offset}  ${time}`);
  output.line(`${place}  ${JSON.stringify(record.key)}  ${describeValue(output, record.value)}`);
}

/** The operation and what it did; anything that is no envelope as it is. */
function describeValue(output: ConsoleOutput, value: unknown): string {
  if (value === null) return output.style('dim', 'tombstone');
  if (typeof value !== 'object' || !('op' in value)) return JSON.stringify(value);
  const { op, before, after } = value as { op: unknown; before?: unknown; after?: unknown };
  const parts = [output.style('bold', String(op))];
  if (before !== null && before !== undefined) parts.push(`before ${JSON.stringify(before)}`);
  if (after !== null && after !== undefined) parts.push(`after ${JSON.stringify(after)}`);
  return parts.join('  ');
}
