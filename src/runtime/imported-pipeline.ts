import path from 'node:path';
import { SOURCE_CONNECTOR_OPTIONS } from '../config/connector-options.ts';
import { KAFKA_TRANSPORT_OPTIONS } from '../config/kafka-transport-options.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { parsePipeline } from '../config/pipeline-file.ts';
import { ConfigErrors } from '../config/resolve-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { DebeziumConnector } from './debezium-connector.ts';

/** Where the pipeline's records and offsets shall live. */
export interface ImportedTransport {
  /** Undefined: the embedded log. */
  readonly bootstrapServers: string | undefined;
  readonly offsetsTopic: string | undefined;
}

/** A property that the pipeline does not have, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** The pipeline that a connector becomes. */
export interface ImportedPipeline {
  readonly text: string;
  /** Variables of the environment that the file refers to; their values stand nowhere. */
  readonly secrets: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** What somebody has to know who relied on the connector. */
  readonly remarks: readonly string[];
  /** Null: it has problems that leaving out does not solve. */
  readonly config: PipelineConfig | null;
  readonly problems: readonly TidemarkError[];
}

type Section = 'transport' | 'source';

interface Entry {
  readonly section: Section;
  readonly name: string;
  readonly value: string;
}

const DEFAULT_OFFSETS_TOPIC = 'connect-offsets';

/**
 * Writes the pipeline: every property of the connector that means something here stands as it was;
 * the others follow as comments with their reasons.
 */
export function importedPipeline(
  connector: DebeziumConnector,
  transport: ImportedTransport,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): ImportedPipeline {
  const secrets = new Map<string, string>();
  const entries = [...transportEntries(connector, transport), ...sourceEntries(connector)].map(
    (entry) => hideSecret(entry, connector.name, secrets),
  );
  const remarks = remarksOn(connector, transport);
  const render = (leftOut: readonly (Entry & LeftOut)[]): string =>
    renderFile(connector, entries, leftOut, remarks);
  const known = { ...Object.fromEntries(secrets), ...environment };
  const leftOut: (Entry & LeftOut)[] = entries
    .filter(isOtherHistory)
    .map((entry) => ({ ...entry, reason: 'the history is kept where the records go' }));
  // Leaving one out may show the next problem; each round leaves out something or is the last.
  for (;;) {
    const text = render(leftOut);
    const { config, problems, warnings } = examine(text, file, known);
    const refused = refusedBy([...problems.map(({ message }) => message), ...warnings], entries);
    const more = refused.filter((entry) => !leftOut.some((out) => sameEntry(out, entry)));
    if (more.length > 0) leftOut.push(...distinct(more));
    else return { text, secrets: [...secrets.keys()], leftOut, remarks, config, problems };
  }
}

function transportEntries(
  { worker, config }: DebeziumConnector,
  transport: ImportedTransport,
): readonly Entry[] {
  const bootstrap = transport.bootstrapServers ?? kafkaOf(worker);
  const entry = (name: string, value: string): Entry => ({ section: 'transport', name, value });
  if (bootstrap === undefined) return [entry('type', 'embedded')];
  const topic = transport.offsetsTopic ?? worker['offset.storage.topic'] ?? DEFAULT_OFFSETS_TOPIC;
  const known = new Set(KAFKA_TRANSPORT_OPTIONS.map(({ name }) => name));
  const connection = Object.entries(worker).filter(
    ([name]) => /^(?:security|sasl|ssl|producer|consumer)\./.test(name) && !name.includes('<'),
  );
  const storage = Object.entries(worker).filter(
    ([name]) =>
      /^offset\.storage\.(?:partitions|replication\.factor)$/.test(name) && known.has(name),
  );
  const group = exactlyOnceGroup(worker);
  return [
    entry('type', 'kafka'),
    entry('bootstrap.servers', bootstrap),
    ...(group === undefined ? [] : [entry('group.id', group)]),
    // A connector may have a topic of its own (exactly-once of Kafka Connect).
    ...(config['offsets.storage.topic'] === undefined
      ? [entry('offset.storage.topic', topic)]
      : []),
    ...[...storage, ...connection].map(([name, value]) => entry(name, value)),
  ];
}

/**
 * Of a worker that gives exactly-once to its source connectors, also to one that only requests it:
 * the transactional ids begin with its group, so that ours shuts out a task that still hangs.
 */
function exactlyOnceGroup(worker: DebeziumConnector['worker']): string | undefined {
  return worker['exactly.once.source.support'] === 'enabled' ? worker['group.id'] : undefined;
}

/** A history that is not in Kafka: the import copies it, or says that it cannot. */
function isOtherHistory({ name, value }: Entry): boolean {
  const isClass = name === 'schema.history.internal' && !value.endsWith('.KafkaSchemaHistory');
  return isClass || name.startsWith('schema.history.internal.file.');
}

/** A standalone worker's offsets are in a file: nobody could go on with them in Kafka. */
function kafkaOf(worker: DebeziumConnector['worker']): string | undefined {
  return worker['offset.storage.file.filename'] === undefined
    ? worker['bootstrap.servers']
    : undefined;
}

/** Converters that the connector does not name are the worker's. */
function sourceEntries({ config, worker }: DebeziumConnector): readonly Entry[] {
  const inherited = ['key.converter', 'value.converter', 'header.converter'].flatMap((name) =>
    config[name] !== undefined
      ? []
      : Object.entries(worker).filter(([key]) => key === name || key.startsWith(`${name}.`)),
  );
  const once = exactlyOnceGroup(worker) === undefined ? {} : { 'exactly.once.support': 'required' };
  const own = Object.entries({ ...config, ...once }).filter(([name]) => !belongsElsewhere(name));
  return [...own, ...inherited].map(([name, value]): Entry => ({ section: 'source', name, value }));
}

/** Debezium Server's file has its own settings and its sink beside the connector. */
function belongsElsewhere(name: string): boolean {
  return name === 'name' || /^(?:offset\.(?:storage|flush)\.|debezium\.|quarkus\.)/.test(name);
}

const SECRET_NAME =
  /pass(?:word|phrase)|secret|token|credential(?!s\.source)|jaas|(?:^|\.)ssl\..*key$|user\.info$/i;
/** User and password of a URL, such as that of a registry. */
const SECRET_VALUE = /^[a-z][a-z\d+.-]*:\/\/[^/?#\s]*:[^/?#\s]*@/i;

/** A value that refers to a provider is no secret itself. */
function hideSecret(entry: Entry, connector: string, secrets: Map<string, string>): Entry {
  const { name, value } = entry;
  const isSecret =
    SECRET_NAME.test(name) ||
    value.split(',').some((part) => SECRET_VALUE.test(part.trim())) ||
    SOURCE_CONNECTOR_OPTIONS.some((option) => option.name === name && option.secret === true);
  if (!isSecret || value === '' || /^\$\{[a-z]+:[^}]*\}$/.test(value)) return entry;
  const variable = `${connector}_${name}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
  secrets.set(variable, value);
  return { ...entry, value: `\${env:${variable}}` };
}

function examine(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<ImportedPipeline, 'config' | 'problems'> & { readonly warnings: readonly string[] } {
  try {
    const config = parsePipeline(text, path.resolve(file), environment);
    return {
      config,
      problems: [],
      warnings: [...config.warnings, ...config.source.options.warnings],
    };
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    return { config: null, problems: error.errors, warnings: error.warnings };
  }
}

/**
 * Which entries a message says to be not supported, or to mean nothing. A refused value is no such
 * entry: without it the default would hold, and that is for somebody to decide.
 */
function refusedBy(
  messages: readonly string[],
  entries: readonly Entry[],
): readonly (Entry & LeftOut)[] {
  return messages.flatMap((message) => {
    const [, title, reason] =
      /^(.*?) (?:is not supported|has no effect): (.*?)(?: \([^()]*:\d+\))?$/s.exec(message) ?? [];
    const entry = entries.find(({ section, name }) => title === `${section}: ${name}`);
    return entry === undefined || reason === undefined ? [] : [{ ...entry, reason }];
  });
}

function distinct<T extends Entry>(entries: readonly T[]): readonly T[] {
  return entries.filter((entry, i) => entries.findIndex((one) => sameEntry(one, entry)) === i);
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a.section === b.section && a.name === b.name;
}

/** Of a pipeline over Kafka, which goes on in the topic of the connector. */
function historyRemarks(
  config: DebeziumConnector['config'],
  bootstrap: string | undefined,
): readonly string[] {
  const history = 'schema.history.internal';
  const servers = config[`${history}.kafka.bootstrap.servers`];
  if (bootstrap === undefined || config['snapshot.mode'] === 'recovery') return [];
  const anew =
    'copy it there, or start once with snapshot.mode: recovery, while no table was changed since ' +
    'the connector stopped';
  if (servers === undefined) {
    return [`the schema history of the connector is not in Kafka (${history}): ${anew}`];
  }
  if (shareServer(servers, bootstrap)) return [];
  return [
    `the schema history is read from ${bootstrap}, and the connector has it at ${servers}: ${anew}`,
  ];
}

/** A cluster may be named by any of its brokers. */
function shareServer(left: string, right: string): boolean {
  const listed = new Set(right.split(',').map((server) => server.trim()));
  return left.split(',').some((server) => listed.has(server.trim()));
}

function remarksOn(
  { config, worker, state }: DebeziumConnector,
  transport: ImportedTransport,
): readonly string[] {
  const remarks: string[] = [];
  const isPostgres = sourceFamily(config['connector.class'] ?? '') === 'postgres';
  if (isPostgres && config['plugin.name'] === undefined) {
    remarks.push(
      'plugin.name is not set, and older versions of Debezium take decoderbufs then: ' +
        'tidemark check says whether the slot is of pgoutput, as it must be',
    );
  }
  if (!isPostgres)
    remarks.push(...historyRemarks(config, transport.bootstrapServers ?? kafkaOf(worker)));
  if (config['value.converter'] === undefined && worker['value.converter'] === undefined) {
    remarks.push(
      'the connector names no converters: those of its worker were in use. Set key.converter and ' +
        'value.converter if they are not JSON with schemas',
    );
  }
  if (state === null) {
    remarks.push('files do not tell whether the connector still runs: it must be stopped');
  }
  return remarks;
}

function renderFile(
  connector: DebeziumConnector,
  entries: readonly Entry[],
  leftOut: readonly (Entry & LeftOut)[],
  remarks: readonly string[],
): string {
  const section = (name: Section): readonly string[] => [
    `${name}:`,
    ...entries
      .filter((entry) => entry.section === name && !leftOut.some((out) => sameEntry(out, entry)))
      .map((entry) => `  ${scalar(entry.name)}: ${scalar(entry.value)}`),
    ...leftOut
      .filter((out) => out.section === name)
      .map((out) => `  # left out, ${oneLine(out.name)}: ${oneLine(out.reason)}`),
    '',
  ];
  return [
    `# The connector ${connector.name} of ${connector.origin}, imported from Debezium.`,
    ...remarks.map((remark) => `# ATTENTION: ${oneLine(remark)}`),
    '',
    "# The connector's name: under it stands the offset from which the stream goes on.",
    `name: ${scalar(connector.name)}`,
    '',
    ...section('transport'),
    ...section('source'),
    'sinks: []',
    '',
  ].join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** Plain where YAML cannot take it for anything but text. */
function scalar(text: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : /^(?:true|false|\d{1,15})$/.test(text)
      ? text
      : JSON.stringify(text);
}
