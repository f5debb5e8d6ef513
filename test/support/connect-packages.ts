import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { findJava } from './java-runtime.ts';
import { mavenArchive, mavenLibraries, NEEDS_MAVEN } from './maven-packages.ts';

/** The last version of `connect-runtime` that was published. */
const KAFKA = '4.3.1';
const DEBEZIUM = '3.6.0.Final';
/** The last one whose converter can be had with all that it needs. */
const APICURIO = '2.6.13.Final';

/** What a worker can be given beside Kafka's own file connectors. */
export type ConnectPlugin = 'postgres' | 'mysql' | 'mariadb' | 'jdbc' | 'avro';

/** The folder with the worker's own jars; 35 MB, downloaded once. */
export function connectLibraries(): Promise<string> {
  return mavenLibraries(`connect-${KAFKA}`, [
    { coordinates: `org.apache.kafka:connect-runtime:${KAFKA}` },
    { coordinates: `org.apache.kafka:connect-file:${KAFKA}` },
    { coordinates: `org.apache.kafka:kafka-tools:${KAFKA}` },
    { coordinates: 'org.apache.logging.log4j:log4j-slf4j-impl:2.25.1' },
    { coordinates: 'org.apache.logging.log4j:log4j-1.2-api:2.25.1' },
    { coordinates: 'org.apache.logging.log4j:log4j-core:2.25.1' },
  ]);
}

/** The folder with a plugin's jars: Debezium's of 25 to 58 MB, the converter of 12 MB. */
export function connectPlugin(plugin: ConnectPlugin): Promise<string> {
  if (plugin === 'avro') return avroConverter();
  if (plugin === 'mariadb') return mariadbConnector();
  return mavenArchive(
    `debezium-${plugin}-${DEBEZIUM}`,
    `io.debezium:debezium-connector-${plugin}:${DEBEZIUM}:tar.gz:plugin`,
    { stripComponents: 1 },
  );
}

/**
 * No archive of its own is published: the connector and its driver are in that of Debezium Server
 * (780 MB, which are not kept), the rest is what MySQL's connector has, too.
 */
async function mariadbConnector(): Promise<string> {
  return cachedFolder(
    `debezium-mariadb-${DEBEZIUM}`,
    `${NEEDS_MAVEN}
    # Later ones want the archive's parent, which is not published. It would be kept twice.
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:2.10:copy \
      "-Dmaven.repo.local=$1/repository" "-Dartifact=$2" "-DoutputDirectory=$1/archive"
    tar xzf "$1"/archive/*.tar.gz -C "$1" --strip-components=2 --wildcards \
      '*/lib/debezium-connector-mariadb-*.jar' '*/lib/mariadb-java-client-*.jar'
    rm -rf "$1/archive" "$1/repository"
    for jar in "$3"/*.jar; do
      case $jar in */debezium-connector-mysql-*|*/mysql-connector-*) ;; *) cp "$jar" "$1" ;; esac
    done`,
    [`io.debezium:debezium-server-dist:${DEBEZIUM}:tar.gz`, await connectPlugin('mysql')],
  );
}

/** Apicurio's has no manifest of its services; a worker would search each jar for them. */
async function avroConverter(): Promise<string> {
  const libraries = await mavenLibraries(`apicurio-avro-converter-${APICURIO}`, [
    {
      coordinates: `io.apicurio:apicurio-registry-utils-converter:${APICURIO}`,
      // The worker has them.
      without: ['org.apache.kafka:*', 'org.slf4j:*'],
    },
  ]);
  return cachedFolder(
    `apicurio-avro-converter-${APICURIO}-plugin`,
    `cp "$2"/*.jar "$1"
    "$3" -cp "$4/*" org.apache.kafka.tools.ConnectPluginPath \
      sync-manifests --plugin-location "$1"`,
    [libraries, findJava(17), await connectLibraries()],
  );
}

/** Lays the plugins into a new folder, each as a folder of its own: what `plugin.path` takes. */
export async function layPlugins(
  folder: string,
  plugins: readonly ConnectPlugin[],
): Promise<string> {
  const plugged = path.join(folder, 'plugins');
  await rm(plugged, { recursive: true, force: true });
  await mkdir(plugged);
  for (const plugin of plugins) {
    await symlink(await connectPlugin(plugin), path.join(plugged, plugin));
  }
  return plugged;
}
