import { randomBytes } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { findJava } from './java-runtime.ts';
import { mavenLibraries } from './maven-packages.ts';

/** The oldest and the newest broker that we promise to work with. */
export type KafkaMajor = '3.9' | '4';

const VERSIONS: Readonly<Record<KafkaMajor, string>> = { '3.9': '3.9.2', '4': '4.4.0' };

/** Java 17: Kafka 4 asks for it. */
export const KAFKA_JAVA = 17;

export function kafkaVersion(major: KafkaMajor): string {
  return VERSIONS[major];
}

/** The folder with the broker's jars, downloaded if they were not yet. */
export function kafkaLibraries(major: KafkaMajor): Promise<string> {
  const version = VERSIONS[major];
  const broker = `org.apache.kafka:kafka_2.13:${version}`;
  if (major === '3.9') {
    return mavenLibraries(`kafka-${version}`, [
      { coordinates: broker },
      { coordinates: 'org.slf4j:slf4j-reload4j:1.7.36' },
    ]);
  }
  return mavenLibraries(`kafka-${version}`, [
    // It names an artifact that was never published in this version.
    { coordinates: broker, without: ['org.apache.kafka:kafka-tools-api'] },
    { coordinates: 'org.apache.logging.log4j:log4j-slf4j-impl:2.25.1' },
    { coordinates: 'org.apache.logging.log4j:log4j-core:2.25.1' },
  ]);
}

/** Writes the configuration of the broker's log, all to standard output; returns Java's option. */
export async function writeLogSettings(major: KafkaMajor, folder: string): Promise<string> {
  const pattern = '[%d] %p %m (%c)%n';
  if (major === '3.9') {
    const lines = [
      'log4j.rootLogger=INFO, out',
      'log4j.appender.out=org.apache.log4j.ConsoleAppender',
      'log4j.appender.out.layout=org.apache.log4j.PatternLayout',
      `log4j.appender.out.layout.ConversionPattern=${pattern}`,
    ];
    await writeFile(path.join(folder, 'log4j.properties'), `${lines.join('\n')}\n`);
    return `-Dlog4j.configuration=file:${path.join(folder, 'log4j.properties')}`;
  }
  const xml =
    '<Configuration status="WARN"><Appenders><Console name="out">' +
    `<PatternLayout pattern="${pattern}"/></Console></Appenders>` +
    '<Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers></Configuration>';
  await writeFile(path.join(folder, 'log4j2.xml'), xml);
  return `-Dlog4j2.configurationFile=file:${path.join(folder, 'log4j2.xml')}`;
}

/** Users of SCRAM-SHA-256 and -512, which are in the metadata from the beginning. */
export type ScramUsers = Readonly<Record<string, string>>;

/**
 * Formats the data folders of a new cluster's nodes, each with its number. To format takes a
 * virtual machine of its own and a second: it is done once, and each cluster gets a copy.
 */
export async function formatStorage(
  major: KafkaMajor,
  folders: readonly { readonly nodeId: number; readonly folder: string }[],
  users: ScramUsers,
): Promise<void> {
  const template = await formattedTemplate(major, users);
  const clusterId = randomId();
  for (const { nodeId, folder } of folders) {
    await cp(template, folder, { recursive: true });
    const file = path.join(folder, 'meta.properties');
    const text = await readFile(file, 'utf8');
    const replaced = text
      .replace(/^cluster\.id=.*$/m, `cluster.id=${clusterId}`)
      .replace(/^node\.id=.*$/m, `node.id=${nodeId}`)
      .replace(/^directory\.id=.*$/m, `directory.id=${randomId()}`);
    await writeFile(file, replaced);
  }
}

/** A folder as `kafka-storage format` leaves it. */
export async function formattedTemplate(major: KafkaMajor, users: ScramUsers): Promise<string> {
  const libraries = await kafkaLibraries(major);
  const scram = Object.entries(users).flatMap(([name, password]) =>
    [256, 512].flatMap((bits) => [
      '--add-scram',
      `SCRAM-SHA-${bits}=[name=${name},password=${password}]`,
    ]),
  );
  // The port is never listened on: the brokers get a configuration of their own.
  const properties = [
    'process.roles=broker,controller',
    'node.id=1',
    'controller.quorum.voters=1@127.0.0.1:9093',
    'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'controller.listener.names=CONTROLLER',
  ].join('\n');
  return cachedFolder(
    `kafka-${kafkaVersion(major)}-formatted`,
    `folder=$1; java=$2; libraries=$3; properties=$4; cluster=$5; shift 5
    printf '%s\\nlog.dirs=%s\\n' "$properties" "$folder" > "$folder.properties"
    trap 'rm -f "$folder.properties"' EXIT
    "$java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$libraries/*" \
      kafka.tools.StorageTool format -c "$folder.properties" -t "$cluster" "$@"`,
    [findJava(KAFKA_JAVA), libraries, properties, 'AAAAAAAAAAAAAAAAAAAAAA', ...scram],
  );
}

/** As Kafka's own: 16 bytes in URL-safe base64, never with a dash in front. */
export function randomId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
