import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { binlogHandoverProblem } from '../source/mysql/stream/binlog-handover.ts';
import { handoverProblem } from '../source/postgres/stream/debezium-offset.ts';
import { heldPositions } from './held-topics.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import { openForReading } from './open-transport.ts';
import { requireDatabase } from './source-partition.ts';
import { loadSourceOffset, toConnectEntries } from './source-offset.ts';
import { waitingTables } from './gate-offset.ts';
import { sourceOptionsOf } from './source-options.ts';
import { checkStore } from './store-check.ts';

/** What a Debezium connector needs to go on where a pipeline stopped. */
export interface DebeziumHandover {
  readonly connector: string;
  /** Properties that have to be these; all others are those of the pipeline's source. */
  readonly config: Readonly<Record<string, string>>;
  /** Body of `PATCH /connectors/<name>/offsets`. */
  readonly offsets: readonly SourceOffset[];
  /** The offset is already in the topic where Connect looks. */
  readonly inPlace: boolean;
}

/** Throws HANDOVER_REFUSED while something is open that Debezium would not go on with. */
export async function prepareHandover(
  config: PipelineConfig,
  clock: Clock,
): Promise<DebeziumHandover> {
  requireDatabase(config.source, 'handover');
  const { name, transportType, storePath } = config;
  const inPlace = transportType === 'kafka';
  const { heldBy } = inPlace ? { heldBy: null } : checkStore(storePath);
  if (heldBy !== null) {
    throw new TidemarkError('HANDOVER_REFUSED', `the daemon still runs (process ${heldBy})`, {
      cure: 'Stop it: two programs cannot go on from one offset.',
    });
  }
  const topicPrefix = config.source.options.string('topic.prefix');
  const family = sourceFamily(config.source.connectorClass);
  await using transport = await openForReading({ config }, clock);
  const { offset } = await loadSourceOffset(transport, name, { server: topicPrefix });
  if (offset === null) {
    throw new TidemarkError('HANDOVER_REFUSED', `the pipeline ${name} has no offset yet`, {
      cure: 'Start the connector as a new one.',
    });
  }
  const problem = family === 'postgres' ? handoverProblem(offset) : binlogHandoverProblem(offset);
  if (problem !== null) throw problem;
  const held = heldPositions(offset).map(([topic]) => topic);
  if (held.length > 0) {
    throw new TidemarkError('HANDOVER_REFUSED', `records of ${held.join(', ')} are held`, {
      cure:
        'Start the daemon, let the registry take their schema (tidemark status has the cure), ' +
        'wait until they have gone out, and stop it: Debezium would not write them.',
    });
  }
  const waiting = waitingTables(offset);
  if (waiting.length > 0) {
    throw new TidemarkError('HANDOVER_REFUSED', `${waiting.join(', ')} wait before a change`, {
      cure:
        'Start the daemon, say what becomes of them (tidemark schema held), wait until their ' +
        'records have gone out, and stop it: Debezium would not write them.',
    });
  }
  const [theirs] = toConnectEntries(name, offset);
  const map = JSON.parse(theirs?.value ?? '{}') as SourceOffset['offset'];
  return {
    connector: name,
    config: {
      ...(family === 'postgres' ? slotProperties(config) : historyProperties(config)),
      'topic.prefix': topicPrefix,
    },
    offsets: [{ partition: offset.partition, offset: map }],
    inPlace,
  };
}

function slotProperties({ source }: PipelineConfig): Readonly<Record<string, string>> {
  const { slotName, publicationName } = sourceOptionsOf(source);
  return {
    'plugin.name': 'pgoutput',
    'slot.name': slotName,
    'publication.name': publicationName,
    'publication.autocreate.mode': 'disabled',
  };
}

/** The history is in Debezium's format; one that is not in Kafka is out of its reach. */
function historyProperties({
  source,
  transportType,
}: PipelineConfig): Readonly<Record<string, string>> {
  const { history } = mysqlSourceOptionsOf(source);
  return transportType === 'kafka'
    ? { 'schema.history.internal.kafka.topic': history.topic }
    : { 'snapshot.mode': 'recovery' };
}
