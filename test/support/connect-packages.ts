import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { findJava } from './java-runtime.ts';
import { mavenArchive, mavenLibraries } from './maven-packages.ts';

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

/** The folder with a plugin's jars: Debezium's of 25, 30 and 58 MB, the converter of 12 MB. */
export function connectPlugin(plugin: ConnectPlugin): Promise<string> {
  if (plugin === 'avro') return avroConverter();
  if (plugin === 'mariadb') return mariadbConnector();
  return mavenArchive(
    `debezium-${plugin}-${DEBEZIUM}`,
    `io.debezium:debezium-connector-${plugin}:${DEBEZIUM}:tar.gz:plugin`,
    { stripComponents: 1 },
  );
}

/** No archive of it is published: whoever has its jars says where. */
function mariadbConnector(): Promise<string> {
  const folder = process.env[MARIADB_FOLDER];
  if (folder !== undefined) return Promise.resolve(folder);
  return Promise.reject(new Error(`${MARIADB_FOLDER} names no folder`));
}

/** The folder with Debezium's connector for MariaDB and all that it needs. */
export const MARIADB_FOLDER = 'TIDEMARK_DEBEZIUM_MARIADB';

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
