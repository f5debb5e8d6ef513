import { connectLibraries, connectPlugin } from './connect-packages.ts';
import { KAFKA_USERS } from './kafka-security.ts';
import { formattedTemplate } from './kafka-storage.ts';
import { registryPackage } from './registry-server.ts';
import { confluentPackage, kcatPackage } from './stranger-readers.ts';

/** Of tests that `npm test` leaves out; the second is taken out of an archive of 780 MB. */
const onlyInTestAll = [
  ['Debezium for MySQL', () => connectPlugin('mysql')],
  ['Debezium for MariaDB', () => connectPlugin('mariadb')],
] as const;

/**
 * Downloads what the tests start, about 350 MB and once on a machine: no test has to wait for it
 * within its own time. What cannot be had is said here, and again by each test that needs it.
 */
export async function setup(): Promise<void> {
  const packages: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['Kafka 4', () => formattedTemplate('4', {})],
    ['Kafka 4, secured', () => formattedTemplate('4', KAFKA_USERS)],
    ['Kafka 3.9', () => formattedTemplate('3.9', {})],
    ['Kafka 3.9, secured', () => formattedTemplate('3.9', KAFKA_USERS)],
    ['the schema registry', registryPackage],
    ['Kafka Connect', connectLibraries],
    ['Debezium for PostgreSQL', () => connectPlugin('postgres')],
    ...(process.env['TIDEMARK_TEST_ALL'] === '1' ? onlyInTestAll : []),
    ["Debezium's JDBC sink", () => connectPlugin('jdbc')],
    ['the Avro converter', () => connectPlugin('avro')],
    ['the Kafka client for Python', confluentPackage],
    ['kcat', kcatPackage],
  ];
  for (const [name, install] of packages) {
    const slow = setTimeout(() => {
      process.stderr.write(`Installing ${name} for the tests, once …\n`);
    }, 2000);
    try {
      await install();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`No ${name}, tests will fail for it: ${message}\n`);
    } finally {
      clearTimeout(slow);
    }
  }
}
