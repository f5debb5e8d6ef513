import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { propertiesAsYaml } from '../config/properties-text.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { ConnectRest, propertiesOf } from './connect-rest.ts';
import { readJavaOffsetFile } from './java-offset-file.ts';
import { parseOffsetMap, sourceOffsetKey } from './source-offset.ts';

type Properties = Readonly<Record<string, string>>;

/** A connector of Debezium, as far as it can be seen from where it is read. */
export interface DebeziumConnector {
  readonly name: string;
  readonly config: Properties;
  /** The worker's properties; empty when only the REST interface is known. */
  readonly worker: Properties;
  /** RUNNING, STOPPED, …; null: files do not say. */
  readonly state: string | null;
  readonly tasks: number;
  /** What it stored; null: nothing, or it stands where only Kafka can tell. */
  readonly offset: SourceOffset | null;
  /** Where it was found, fit for messages. */
  readonly origin: string;
  /** How to stop it; null where Connect is not at hand. */
  readonly stop: string | null;
}

/**
 * Reads a connector from a Connect REST URL, or from files: its JSON or properties, a standalone
 * worker's properties beside it, or Debezium Server's, which hold both.
 */
export async function readDebeziumConnector(
  sources: readonly string[],
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<DebeziumConnector> {
  const [first = ''] = sources;
  if (!/^https?:\/\//.test(first)) return fromFiles(sources, wanted);
  if (sources.length > 1) throw new TidemarkError('USAGE', 'give one URL, or files');
  return fromConnect(new ConnectRest(first, signal), wanted);
}

async function fromConnect(
  connect: ConnectRest,
  wanted: string | undefined,
): Promise<DebeziumConnector> {
  const { name, config, state, tasks, offsets } = await connect.connector(
    wanted ?? (await onlyName(connect)),
  );
  const partition = partitionOf(config);
  const found = offsets.find(({ partition: { server } }) => server === partition['server']);
  return {
    name,
    config,
    worker: {},
    state,
    tasks,
    offset: found === undefined ? null : { partition, offset: parseOffsetMap(found.offset) },
    origin: connect.url,
    stop: `curl -X PUT ${connect.url}/connectors/${encodeURIComponent(name)}/stop`,
  };
}

async function onlyName(connect: ConnectRest): Promise<string> {
  const names = await connect.names();
  const [name] = names;
  if (names.length === 1 && name !== undefined) return name;
  throw choose(names, connect.url);
}

function choose(names: readonly string[], where: string): TidemarkError {
  const found = names.length === 0 ? 'no connector' : names.join(', ');
  return new TidemarkError('USAGE', `${where} has ${found}`, {
    cure: 'Name one with --connector. Of a deleted one, give its configuration as a file.',
  });
}

function fromFiles(files: readonly string[], wanted: string | undefined): DebeziumConnector {
  const read = files.map((file) => ({ file, ...readDocument(file) }));
  const connectors = read.filter(({ config }) => config['connector.class'] !== undefined);
  const named = connectors.filter(
    ({ name }) => wanted === undefined || (name ?? wanted) === wanted,
  );
  const [connector] = named;
  if (connector === undefined || named.length > 1) {
    const names = connectors.map(({ name }) => name ?? 'a connector without name');
    throw choose(names, files.join(', '));
  }
  const { file, config } = connector;
  const name = wanted ?? connector.name;
  if (name === undefined) {
    const cure = 'Name it with --connector, as Connect knows it.';
    throw new TidemarkError('USAGE', `${file} does not name the connector`, { cure });
  }
  const worker = read.find((other) => other.config['connector.class'] === undefined);
  return {
    name,
    config,
    worker: worker?.config ?? {},
    state: null,
    tasks: 0,
    offset: connector.offset ?? offsetOfFile(name, config, worker ?? connector),
    origin: file,
    stop: null,
  };
}

interface Document {
  readonly name?: string | undefined;
  readonly config: Properties;
  readonly offset?: SourceOffset | undefined;
}

/** JSON as it is posted to Connect, bare or with a name; anything else is taken for properties. */
function readDocument(file: string): Document {
  const root = parseDocument(file, readText(file));
  const { config = root, name, offsets } = root;
  if (!isJsonObject(config)) {
    throw new TidemarkError('CONFIG_SYNTAX', `config of ${file} is no map of properties`);
  }
  const properties = propertiesOf(config);
  const own = typeof name === 'string' ? name : properties['name'];
  return { name: own, config: properties, offset: firstOffset(offsets, properties) };
}

function parseDocument(file: string, text: string): JsonObject {
  try {
    const node = file.endsWith('.json')
      ? parseLosslessJson(text)
      : (parse(propertiesAsYaml(text), { uniqueKeys: false, schema: 'failsafe' }) as JsonNode);
    if (isJsonObject(node)) return node;
  } catch (error) {
    throw new TidemarkError('CONFIG_SYNTAX', `${file} is no configuration`, { cause: error });
  }
  throw new TidemarkError('CONFIG_SYNTAX', `${file} has no configuration`);
}

/** The answer of `GET /connectors/<name>/offsets`, put into the file by hand. */
function firstOffset(offsets: JsonNode | undefined, config: Properties): SourceOffset | undefined {
  const [first] = Array.isArray(offsets) ? (offsets as readonly JsonNode[]) : [];
  if (!isJsonObject(first) || !isJsonObject(first['offset'])) return undefined;
  return { partition: partitionOf(config), offset: parseOffsetMap(first['offset']) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new TidemarkError('CONFIG_FILE', `${file} cannot be read (${code})`, { cause: error });
  }
}

function offsetOfFile(
  name: string,
  config: Properties,
  worker: { readonly file: string; readonly config: Properties },
): SourceOffset | null {
  const stored = worker.config['offset.storage.file.filename'];
  if (stored === undefined) return null;
  const file = path.resolve(path.dirname(worker.file), stored);
  const partition = partitionOf(config);
  const offsets = readJavaOffsetFile(file);
  // Debezium's engine has a name of its own choice for the connector.
  const key = sourceOffsetKey(name, { partition });
  const text = offsets.get(key) ?? onlyOffset(offsets, partition);
  return text === null ? null : { partition, offset: parseOffsetMap(text) };
}

function onlyOffset(
  offsets: ReadonlyMap<string, string | null>,
  partition: SourceOffset['partition'],
): string | null {
  const end = `,${JSON.stringify(partition)}]`;
  const found = [...offsets].filter(([key, value]) => key.endsWith(end) && value !== null);
  return found.length === 1 ? (found[0]?.[1] ?? null) : null;
}

/** Of Debezium before 2.0 the prefix is `database.server.name`. */
function partitionOf(config: Properties): SourceOffset['partition'] {
  return { server: config['topic.prefix'] ?? config['database.server.name'] ?? '' };
}
