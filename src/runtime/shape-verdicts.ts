import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { registrySettings } from '../config/registry-options.ts';
import type { SubjectStrategy } from '../config/registry-options.ts';
import { jsonSchemaText } from '../converter/json-schema-text.ts';
import type { CompatibilityLevel } from '../converter/registry/compatibility.ts';
import { ConfluentRegistry } from '../converter/registry/confluent-registry.ts';
import type { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import { jsonRulesAt } from '../converter/registry/json-compatibility.ts';
import type { JsonRules } from '../converter/registry/json-compatibility.ts';
import type { EarlierVersion, SchemaVerdict } from '../converter/registry/schema-verdict.ts';
import { subjectNaming } from '../converter/registry/subject-name.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { ShapeChange } from '../evolution/shape-difference.ts';
import type { SinkFate, SubjectVerdict, Verdict } from '../evolution/verdict.ts';
import { haveSameReaders, judgeSubject, verdictOf } from '../evolution/verdict.ts';
import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { DocumentStore } from '../transport/transport.ts';
import { deadLetterTopics } from './dead-letter-options.ts';
import { planSink } from './plan-sink.ts';
import type { PlannedSink } from './planned-sink.ts';
import { sampleRecord } from './sample-record.ts';
import { SchemaAlerts, type SchemaAlertParts, type ShapeJudge } from './schema-alerts.ts';
import { sinkTopics } from './sink-topics.ts';
import { StoredShapes } from './stored-shapes.ts';

/**
 * How long a target or registry may take to answer: until an alert has to go out that is to arrive
 * within two seconds of its change, and between these.
 */
const TOLD_AFTER_MS = 1700;
/** With it an alert is in time that a look found, which is up to a second after its change. */
const ASKING_LEAST_MS = 700;
/** However far the source's clock is ahead. */
const ASKING_MOST_MS = 1500;

/** What readers, registries and sinks are known by. */
export interface ShapeVerdictParts {
  readonly config: PipelineConfig;
  readonly envelope: EnvelopeOptions;
  readonly builtIn: EmbeddedRegistry;
  readonly clock: Clock;
  /** How long one of them may take to answer; absent: as long as the alert can wait. */
  readonly askingMs?: number | undefined;
}

/** Tells what becomes of the tables of a pipeline. */
export function schemaAlertsOf(
  config: PipelineConfig,
  documents: DocumentStore,
  judge: ShapeJudge,
  around: Pick<SchemaAlertParts, 'outlet' | 'clock' | 'fault' | 'policies'>,
): SchemaAlerts {
  const shapes = new StoredShapes(documents, config.name);
  return new SchemaAlerts({ pipeline: config.name, shapes, judge, ...around });
}

/** A subject's rules, and what it has. */
interface KnownSubject {
  readonly level: CompatibilityLevel | null;
  /** Absent: what the source had before. */
  readonly earlier?: readonly EarlierVersion[];
  readonly answered?: SchemaVerdict | null;
}

/**
 * Asks the registry for levels and versions, and the targets for their tables, what a change of
 * shape will do there, before the first record of the new shape comes.
 */
export class ShapeVerdicts implements ShapeJudge {
  readonly #parts: ShapeVerdictParts;
  readonly #sides: readonly Side[];

  constructor(parts: ShapeVerdictParts) {
    this.#parts = parts;
    const { source } = parts.config;
    this.#sides = [
      new Side(source, 'key', parts.builtIn),
      new Side(source, 'value', parts.builtIn),
    ];
  }

  async judge(
    changes: readonly ShapeChange[],
    before: TableSchema | null,
    after: TableSchema | null,
    problem: string | null,
    happenedMs?: number,
  ): Promise<Verdict> {
    const limitMs = this.#patience(happenedMs);
    const [subjects, sinks] = await Promise.all([
      before === null || after === null ? [] : this.#subjects(before, after, limitMs),
      after === null ? [] : this.#sinks(after, limitMs),
    ]);
    return verdictOf(changes, subjects, sinks, problem);
  }

  #patience(happenedMs: number | undefined): number {
    const { clock, askingMs } = this.#parts;
    if (askingMs !== undefined) return askingMs;
    if (happenedMs === undefined) return ASKING_LEAST_MS;
    const leftMs = TOLD_AFTER_MS - (clock.nowMs() - happenedMs);
    return Math.max(ASKING_LEAST_MS, Math.min(leftMs, ASKING_MOST_MS));
  }

  async #subjects(
    before: TableSchema,
    after: TableSchema,
    limitMs: number,
  ): Promise<readonly SubjectVerdict[]> {
    const { envelope } = this.#parts;
    const [old, now] = [before, after].map((table) => tableRecordSchemas(table, envelope));
    if (old === undefined || now === undefined) return [];
    const found = await Promise.all(
      this.#sides.map(async (side) => {
        const [was, is] = side.isKey ? [old.key, now.key] : [old.envelope, now.envelope];
        if (was === null || is === null) return null;
        return this.#subject(side, now.topic, was, is, limitMs);
      }),
    );
    return found.flatMap((one) => one ?? []);
  }

  async #subject(
    side: Side,
    topic: string,
    before: ConnectSchema,
    after: ConnectSchema,
    limitMs: number,
  ): Promise<SubjectVerdict | null> {
    const subject = side.subjectOf(topic, after);
    if (haveSameReaders(before, after)) return null;
    const change = { subject, before, after, ...(side.json === null ? {} : { json: side.json }) };
    try {
      const known = await this.#within(limitMs, side.known(subject, after));
      return judgeSubject({ ...change, ...known });
    } catch (error) {
      // What is usual, until the registry is asked again with the first record.
      const verdict = judgeSubject({ ...change, level: 'BACKWARD' });
      if (verdict === null) return null;
      const why = `the registry could not be asked (${toTidemarkError(error).message})`;
      return { ...verdict, text: `${verdict.text}; ${why}` };
    }
  }

  async #sinks(after: TableSchema, limitMs: number): Promise<readonly SinkFate[]> {
    const { config, envelope } = this.#parts;
    const record = sampleRecord(after, tableRecordSchemas(after, envelope));
    const fates = config.sinks.map(async (sink) => {
      if (!reads(config, sink, record.topic)) return apart(sink.name);
      const asking = new AbortController();
      const plan = planSink(config, sink, [record], asking.signal);
      try {
        return fateOf(await this.#within(limitMs, plan));
      } catch (error) {
        asking.abort();
        plan.catch(() => undefined);
        return unseen(sink.name, toTidemarkError(error).message);
      }
    });
    return Promise.all(fates);
  }

  async #within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = this.#parts.clock.after(limitMs, () => {
      reject(new Error(`no answer within ${Math.round(limitMs)} ms`));
    });
    try {
      return await Promise.race([answer, promise]);
    } finally {
      cancel();
    }
  }
}

/** A converter of the source: where the schemas of its records go. */
class Side {
  readonly isKey: boolean;
  /** The rules for its JSON Schemas; null: it has none. */
  readonly json: JsonRules | null;
  readonly subjectOf: (topic: string, schema: ConnectSchema) => string;
  /** Null: its records have no schema in a registry. */
  readonly #type: 'AVRO' | 'JSON' | null;
  readonly #remote: ConfluentRegistry | null;
  readonly #builtIn: EmbeddedRegistry;

  constructor({ options }: ConnectorConfig, side: 'key' | 'value', builtIn: EmbeddedRegistry) {
    this.isKey = side === 'key';
    this.#builtIn = builtIn;
    const name = options.string(`${side}.converter`);
    this.#type = name === 'avro' ? 'AVRO' : name === 'jsonschema' ? 'JSON' : null;
    const settings = registrySettings(options, side);
    const inRegistry = this.#type !== null && settings !== null;
    this.json = inRegistry && this.#type === 'JSON' ? jsonRulesAt(settings.urls) : null;
    this.#remote = inRegistry ? new ConfluentRegistry(settings) : null;
    const strategy = options.string(`${side}.converter.${side}.subject.name.strategy`);
    const naming = this.#type === null ? 'topic' : (strategy as SubjectStrategy);
    this.subjectOf = subjectNaming(naming, this.isKey, 'object');
  }

  async known(subject: string, after: ConnectSchema): Promise<KnownSubject> {
    if (this.#type === null) return { level: null };
    if (this.#remote === null) return this.#embedded(subject);
    const level = await this.#remote.compatibility(subject);
    if (this.#type === 'JSON') {
      const json = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
      const text = jsonSchemaText(after, { ...json, mapEntries: 'objects' });
      const answered = await this.#remote.judge(subject, text, 'JSON');
      return answered === null ? { level } : { level, answered };
    }
    const earlier = await this.#remote.earlierVersions(subject, level);
    return earlier.length === 0 ? { level } : { level, earlier };
  }

  #embedded(subject: string): KnownSubject {
    const registry = this.#builtIn;
    const level = registry.compatibility(subject);
    if (!registry.subjects().includes(subject)) return { level };
    const earlier = registry
      .versions(subject)
      .map((version) => registry.version(subject, version))
      .map(({ version, schema }) => ({ version, schema }));
    return { level, earlier };
  }
}

function reads(config: PipelineConfig, sink: ConnectorConfig, topic: string): boolean {
  const topics = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
  return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic);
}

function apart(sink: string): SinkFate {
  return { sink, outcome: 'unaffected', text: 'does not read this topic', cure: null };
}

function fateOf(plan: PlannedSink): SinkFate {
  const { name: sink, tables } = plan;
  if (plan.file !== undefined)
    return { sink, outcome: 'takes', text: 'writes all there is', cure: null };
  const table = tables[0];
  if (table === undefined) return apart(sink);
  if (plan.unseen !== null) return unseen(sink, plan.unseen);
  const { refusal, statements, effects } = table;
  if (refusal !== null) {
    const outcome = OUTCOMES[refusal.fate];
    const text = `${FATE_TEXTS[refusal.fate]} ${table.table}: ${refusal.message}`;
    return { sink, outcome, text, cure: refusal.cure };
  }
  if (statements.length === 0) {
    return { sink, outcome: 'takes', text: `takes it in ${table.table} as it is`, cure: null };
  }
  if (table.exists !== true) {
    return { sink, outcome: 'takes', text: `makes ${table.table}`, cure: null };
  }
  const told = effects.flatMap((effect) => effect ?? []).join('; ');
  const text = `alters ${table.table}: ${told === '' ? statements.join('; ') : told}`;
  return { sink, outcome: 'alters', text, cure: null };
}

const OUTCOMES = { parked: 'parks', held: 'holds', 'dead letters': 'dead letters' } as const;
const FATE_TEXTS = {
  parked: 'parks the records of',
  held: 'holds the records of',
  'dead letters': 'makes dead letters of the records of',
} as const;

function unseen(sink: string, why: string): SinkFate {
  const text = `its target could not be asked (${why})`;
  return { sink, outcome: 'unknown', text, cure: null };
}
