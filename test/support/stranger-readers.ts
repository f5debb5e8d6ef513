import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedFolder } from '../../src/demo/cached-folder.ts';

const SCRIPT = fileURLToPath(new URL('confluent-reader.py', import.meta.url));
const PACKAGE = 'confluent-kafka[avro,json,schemaregistry]==2.11.1';

/** A record as a client that we did not write has read it. */
export interface StrangersRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: unknown;
  readonly value: unknown;
  /** Name and base64 of the bytes. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** What Confluent's Python client is given. */
export interface ConfluentReading {
  readonly bootstrapServers: string;
  readonly topic: string;
  /** What keys and values are; without it, JSON text. */
  readonly form?: 'json' | 'avro' | 'jsonschema';
  /** Who has their schemas. */
  readonly registryUrl?: string;
}

/** Reads a topic to its end with Confluent's Python client, decoding by the registry's schemas. */
export async function readWithConfluent(reading: ConfluentReading): Promise<StrangersRecord[]> {
  const { bootstrapServers, topic, form = 'json', registryUrl = '' } = reading;
  const folder = await confluentPackage();
  const python = path.join(folder, 'bin/python');
  return linesOf(await output(python, [SCRIPT, bootstrapServers, topic, form, registryUrl]));
}

/** Reads a topic to its end with kcat, a client in C; keys and values are their text. */
export async function readWithKcat(
  bootstrapServers: string,
  topic: string,
  options: readonly string[] = [],
): Promise<StrangersRecord[]> {
  const folder = await kcatPackage();
  const kcat = path.join(folder, 'usr/bin/kcat');
  const environment = { LD_LIBRARY_PATH: path.join(folder, 'usr/lib/x86_64-linux-gnu') };
  const args = ['-C', '-b', bootstrapServers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J'];
  return linesOf(await output(kcat, [...args, ...options], environment)).map(
    ({ partition, offset, key, value, ...rest }) => ({
      partition,
      offset,
      key,
      // kcat calls it so.
      value: value ?? (rest as { payload?: unknown }).payload ?? null,
    }),
  );
}

/** An environment of Python with Confluent's client; 20 MB, downloaded once. */
export function confluentPackage(): Promise<string> {
  return cachedFolder(
    'confluent-kafka',
    `python3 -m venv "$1" || { echo "apt-get install python3-venv" >&2; exit 1; }
    "$1/bin/python" -m pip install -q "$2"`,
    [PACKAGE],
  );
}

/** Debian's kcat, unpacked and not installed: the machine is left as it is. */
export function kcatPackage(): Promise<string> {
  return cachedFolder(
    'kcat',
    `cd "$1"
    export DEBIAN_FRONTEND=noninteractive
    apt-get download -qq kcat librdkafka1 libyajl2 ||
      { apt-get update -qq; apt-get download -qq kcat librdkafka1 libyajl2; }
    for package in *.deb; do dpkg-deb -x "$package" .; done
    rm -f ./*.deb`,
    [],
  );
}

async function output(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    env: { ...process.env, ...environment },
    maxBuffer: 256 * 2 ** 20,
    timeout: 60_000,
  });
  return stdout;
}

function linesOf(text: string): StrangersRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StrangersRecord);
}
