import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { isJsonObject, JsonNumber, parseLosslessJson } from '../foundation/lossless-json.ts';

const TIMEOUT_MS = 30_000;

/** A connector as Kafka Connect's REST interface tells it. */
export interface ConnectConnector {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  /** RUNNING, PAUSED, STOPPED, … */
  readonly state: string;
  /** How many of its tasks are there. */
  readonly tasks: number;
  readonly offsets: readonly { readonly partition: JsonObject; readonly offset: JsonObject }[];
}

/** Reads from Kafka Connect's REST interface; changes nothing there. */
export class ConnectRest {
  /** Without user and password: fit for messages. */
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    const parsed = new URL(url);
    const { username, password } = parsed;
    parsed.username = '';
    parsed.password = '';
    this.url = parsed.href.replace(/\/+$/, '');
    this.#signal = signal;
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#headers =
      username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  }

  /** Names of the connectors. */
  async names(): Promise<readonly string[]> {
    const names = await this.#get('/connectors');
    if (Array.isArray(names)) return names.map(String);
    throw this.#unexpected('/connectors');
  }

  async connector(name: string): Promise<ConnectConnector> {
    const resource = `/connectors/${encodeURIComponent(name)}`;
    const config = await this.#object(`${resource}/config`);
    const { connector, tasks } = await this.#object(`${resource}/status`);
    const { offsets } = await this.#object(`${resource}/offsets`);
    if (!isJsonObject(connector) || !Array.isArray(tasks) || !Array.isArray(offsets)) {
      throw this.#unexpected(resource);
    }
    return {
      name,
      config: propertiesOf(config),
      state: textOf(connector['state']),
      tasks: tasks.length,
      offsets: (offsets as readonly JsonNode[]).filter(isJsonObject).flatMap((entry) => {
        const { partition, offset } = entry;
        return isJsonObject(partition) && isJsonObject(offset) ? [{ partition, offset }] : [];
      }),
    };
  }

  async #object(resource: string): Promise<JsonObject> {
    const node = await this.#get(resource);
    if (isJsonObject(node)) return node;
    throw this.#unexpected(resource);
  }

  async #get(resource: string): Promise<JsonNode> {
    const url = `${this.url}${resource}`;
    let answer: Response;
    try {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
      answer = await fetch(url, { headers: this.#headers, signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new TidemarkError('CONNECT_REST', `GET ${url} has no answer`, { cause: error });
    }
    const text = await answer.text();
    if (!answer.ok) {
      const cure = CURES[answer.status];
      const told = `GET ${url} answered ${answer.status}`;
      throw new TidemarkError('CONNECT_REST', told, cure === undefined ? {} : { cure });
    }
    try {
      return parseLosslessJson(text);
    } catch (error) {
      throw new TidemarkError('CONNECT_REST', `GET ${url} answered something else than JSON`, {
        cause: error,
      });
    }
  }

  #unexpected(resource: string): TidemarkError {
    return new TidemarkError('CONNECT_REST', `GET ${this.url}${resource} is not Kafka Connect's`);
  }
}

/** A connector's configuration, in which Connect takes every value for its text. */
export function propertiesOf(config: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, textOf(value)]));
}

function textOf(node: JsonNode | undefined): string {
  if (node instanceof JsonNumber) return node.text;
  return typeof node === 'object' && node !== null ? JSON.stringify(node) : String(node);
}

const CURES: Readonly<Record<number, string>> = {
  401: 'Put user and password into the URL: http://user:password@host:8083.',
  404: 'GET /connectors lists the names. GET …/offsets needs Kafka Connect 3.5 or later.',
  409: 'The workers distribute their connectors anew: try again in a moment.',
};
