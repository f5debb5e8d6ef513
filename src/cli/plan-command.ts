import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkErrors } from '../foundation/errors.ts';
import { runningNote } from '../runtime/check-pipeline.ts';
import type { PlannedTopic } from '../runtime/check-kafka.ts';
import { type PipelinePlan, planPipeline } from '../runtime/plan-pipeline.ts';
import type { PlannedSinkTable } from '../runtime/planned-sink.ts';
import type { PlannedSource } from '../runtime/plan-source.ts';
import { checkStore } from '../runtime/store-check.ts';
import type { CliContext } from './cli-context.ts';
import type { ConsoleOutput } from './console-output.ts';

/** `tidemark plan`: what a run would create; it changes nothing. */
export async function planCommand(
  file: string,
  options: { readonly json: boolean },
  context: CliContext,
): Promise<void> {
  const { output, signal, clock } = context;
  const config = loadPipelineFile(file, context.environment);
  const plan = await planPipeline(config, signal, clock);
  const store = checkStore(config.storePath);
  const warnings = [...config.warnings, ...plan.warnings];
  const problems = [...store.problems, ...plan.problems];
  if (problems.length > 0) throw new TidemarkErrors(problems);
  const notes = store.heldBy === null ? [] : [runningNote(store.heldBy)];
  if (options.json) {
    const { source, tables, sinks, topics } = plan;
    const { kind: _kind, ...onSource } = source;
    const place = topics === null ? { store: config.storePath } : { topics };
    output.json({ ...onSource, tables, sinks, ...place, warnings, notes });
    return;
  }
  for (const warning of warnings) output.warning(warning);
  for (const note of notes) output.note(`note: ${note}`);
  showPlan(output, plan, config.storePath);
}

function showPlan(output: ConsoleOutput, plan: PipelinePlan, storePath: string): void {
  const heading = (text: string): void => output.line(output.style('bold', text));
  heading('On the source');
  for (const line of sourceLines(plan.source)) output.line(`  ${line}`);
  heading(plan.topics === null ? `In the store ${storePath}` : 'In Kafka');
  for (const { table, topic, key, subjects, estimatedRows } of plan.tables) {
    const keyed = key.length === 0 ? 'no key' : `key ${key.join(', ')}`;
    const rows = estimatedRows < 0 ? '' : `, about ${Math.round(estimatedRows)} rows`;
    output.line(`  ${table} → ${topic}, ${keyed}${rows}`);
    for (const subject of subjects) output.line(`    subject ${subject}`);
  }
  for (const topic of plan.topics ?? []) output.line(`  topic ${topic.name}: ${topicText(topic)}`);
  for (const sink of plan.sinks) {
    if (sink.file !== undefined) {
      heading(`Lines of ${sink.name}`);
      output.line(`  ${sink.file === null ? 'to standard output' : `added to ${sink.file}`}`);
      continue;
    }
    const unseen = sink.unseen === null ? '' : `, where it is missing (not asked: ${sink.unseen})`;
    heading(`In the target of ${sink.name}${unseen}`);
    for (const line of sink.tables.flatMap(sinkTableLines)) output.line(`  ${line}`);
  }
}

const FATES = {
  parked: 'would be parked',
  held: 'would be held',
  'dead letters': 'records would be dead letters',
} as const;

function sinkTableLines(planned: PlannedSinkTable): readonly string[] {
  const { topic, table, exists, statements, effects, refusal } = planned;
  const fits = exists === true && statements.length === 0 && refusal === null;
  const lines = [`${topic} → ${table}${fits ? ': exists and fits' : ''}`];
  statements.forEach((statement, i) => {
    const effect = effects[i] ?? null;
    if (effect !== null) lines.push(`  -- ${effect}`);
    // Requests to search servers end where they end.
    const end = statement.startsWith('PUT ') ? '' : ';';
    lines.push(...`${statement}${end}`.split('\n').map((line) => `  ${line}`));
  });
  if (refusal === null) return lines;
  const cure = refusal.cure.split('\n').map((line) => `  cure: ${line}`);
  return [...lines, `  ${FATES[refusal.fate]}: ${refusal.message}`, ...cure];
}

function sourceLines(source: PlannedSource): readonly string[] {
  if (source.kind === 'binlog') return binlogLines(source);
  if (source.kind === 'file') {
    const to = source.topic ?? 'the topics that they name';
    return [`lines of ${source.file ?? 'standard input'} go to ${to}; nothing is made there`];
  }
  const { slot, publication } = source;
  const isThere = publication.statements.length === 0 ? ' exists and fits' : '';
  return [
    `slot ${slot.name}: ${slot.exists ? 'exists' : 'is created'}`,
    `publication ${publication.name}:${isThere}`,
    ...publication.statements.map((statement) => `  ${statement};`),
  ];
}

function binlogLines({
  server,
  replica,
  binlogEnd,
  gtids,
  snapshot,
}: Extract<PlannedSource, { kind: 'binlog' }>): readonly string[] {
  const end = binlogEnd === null ? 'not known' : `${binlogEnd.file}:${binlogEnd.position}`;
  const by = gtids === null ? 'file and position, on this server only' : 'GTID';
  const rows =
    snapshot.lock === null ? 'no rows are read' : `rows are read; lock: ${snapshot.lock}`;
  return [
    `${server}; nothing is made there`,
    `replica ${replica.host} with server id ${replica.serverId}`,
    `binlog ends at ${end}; the stream goes on by ${by}`,
    `snapshot.mode ${snapshot.mode}: ${rows}`,
  ];
}

function topicText({ exists, partitions, replicationFactor, configs }: PlannedTopic): string {
  const number = (count: number, what: string): string =>
    `${count < 0 ? "the broker's default of" : count} ${what}${count === 1 ? '' : 's'}`;
  const size = `${number(partitions, 'partition')}, ${number(replicationFactor, 'replica')}`;
  if (exists) return `exists, ${size}`;
  const settings = Object.entries(configs).map(([name, value]) => `, ${name}=${value}`);
  return `is created, ${size}${settings.join('')}`;
}
