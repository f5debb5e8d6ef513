import { copyFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaLogin } from '../../../../src/config/kafka-login.ts';
import { kafkaSettings } from '../../../../src/config/kafka-settings.ts';
import { resolveOptions } from '../../../../src/config/resolve-options.ts';
import { transportTable } from '../../../../src/config/transport-options.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { KafkaClient } from '../../../../src/transport/kafka/kafka-client.ts';
import { openKafkajsClient } from '../../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { kafkaConnection } from '../../../../src/transport/kafka/security/kafka-connection.ts';
import { startOwnBroker } from '../../../support/kafka.ts';
import type { KafkaCluster } from '../../../support/kafka-cluster.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { pem, pemFile } from '../../../support/tls-server.ts';

const SECURITY = 'org.apache.kafka.common.security';
const PLAIN = `${SECURITY}.plain.PlainLoginModule required`;
const SCRAM = `${SECURITY}.scram.ScramLoginModule required`;

type Properties = Readonly<Record<string, string>>;

const CLIENTS = { kafkajs: openKafkajsClient, platformatic: openPlatformaticClient };

let broker: KafkaCluster;

beforeAll(async () => {
  broker = await startOwnBroker({ secure: true });
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

/** A connection as the section `transport` of a pipeline file gives it. */
function connectionOf(properties: Properties, warn: (message: string) => void = () => undefined) {
  const options = resolveOptions(
    transportTable('kafka').options,
    {
      type: 'kafka',
      'request.timeout.ms': 5000,
      'socket.connection.setup.timeout.ms': 5000,
      ...properties,
    },
    'transport',
  );
  const context = { clock: systemClock, warn };
  return kafkaConnection(kafkaSettings(options), kafkaLogin(options, '/'), context);
}

const tls = { 'ssl.truststore.location': pemFile('ca.pem') };
const plain = (user: string, password: string): Properties => ({
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': `${PLAIN} username="${user}" password="${password}";`,
});

/** Where a client can connect to, by what; each with what it needs. */
function logins(): Readonly<Record<string, Properties>> {
  const saslSsl = { 'bootstrap.servers': broker.bootstrapServers, 'security.protocol': 'SASL_SSL' };
  const saslPlain = {
    'bootstrap.servers': broker.saslPlaintextServers,
    'security.protocol': 'SASL_PLAINTEXT',
  };
  const scram = (mechanism: string): Properties => ({
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `${SCRAM} username="admin" password="admin-secret";`,
  });
  const mutual = {
    'bootstrap.servers': broker.mutualTlsServers,
    'security.protocol': 'SSL',
    ...tls,
  };
  return {
    'SASL_SSL, PLAIN': { ...saslSsl, ...tls, ...plain('admin', 'admin-secret') },
    'SASL_PLAINTEXT, PLAIN': { ...saslPlain, ...plain('admin', 'admin-secret') },
    'SASL_SSL, SCRAM-SHA-256': { ...saslSsl, ...tls, ...scram('SCRAM-SHA-256') },
    'SASL_SSL, SCRAM-SHA-512': { ...saslSsl, ...tls, ...scram('SCRAM-SHA-512') },
    'SASL_PLAINTEXT, SCRAM-SHA-512': { ...saslPlain, ...scram('SCRAM-SHA-512') },
    'SSL, whoever': { ...mutual, 'bootstrap.servers': broker.sslServers },
    'SSL 1.2 only': {
      ...mutual,
      'bootstrap.servers': broker.sslServers,
      'ssl.enabled.protocols': 'TLSv1.2',
    },
    'SSL, our certificate as PEM': {
      ...mutual,
      'ssl.keystore.key': pem('client.key'),
      'ssl.keystore.certificate.chain': pem('client.pem'),
    },
    'SSL, our certificate with an encrypted key': {
      ...mutual,
      'ssl.keystore.key': pem('client-encrypted.key'),
      'ssl.keystore.certificate.chain': pem('client.pem'),
      'ssl.key.password': 'key-secret',
    },
    'SSL, our certificate as PKCS12': {
      ...mutual,
      'ssl.keystore.location': pemFile('client.p12'),
      'ssl.keystore.password': 'p12-secret',
    },
  };
}

const LOGINS = [
  'SASL_SSL, PLAIN',
  'SASL_PLAINTEXT, PLAIN',
  'SASL_SSL, SCRAM-SHA-256',
  'SASL_SSL, SCRAM-SHA-512',
  'SASL_PLAINTEXT, SCRAM-SHA-512',
  'SSL, whoever',
  'SSL 1.2 only',
  'SSL, our certificate as PEM',
  'SSL, our certificate with an encrypted key',
  'SSL, our certificate as PKCS12',
];

describe.each(Object.entries(CLIENTS))('%s', (_name, open) => {
  async function clusterId(
    properties: Properties,
    warn?: (message: string) => void,
  ): Promise<string> {
    await using client: KafkaClient = await open(connectionOf(properties, warn));
    return await client.admin.clusterId();
  }

  /** What a failed connection says; none of the words may be in it. */
  async function failure(
    properties: Properties,
    secrets: readonly string[],
  ): Promise<{ readonly code: string; readonly message: string; readonly cure: string }> {
    const error: unknown = await clusterId(properties).then(
      () => Promise.reject(new Error('it connected')),
      (thrown: unknown) => thrown,
    );
    // More than a log shows.
    const told = inspect(error, { depth: 20, maxArrayLength: null, maxStringLength: null });
    for (const secret of secrets) expect(told).not.toContain(secret);
    return error as { code: string; message: string; cure: string };
  }

  test.each(LOGINS)('%s', async (name) => {
    expect(await clusterId(logins()[name] ?? {})).toMatch(/^[\w-]{20,}$/);
  });

  test('OAUTHBEARER with a token of a file, renewed between connections', async () => {
    await using folder = await temporaryFolder('token');
    const file = path.join(folder.path, 'token');
    await writeFile(file, broker.token('admin'));
    const properties = {
      'bootstrap.servers': broker.bootstrapServers,
      'security.protocol': 'SASL_SSL',
      ...tls,
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': `file://${file}`,
    };
    expect(await clusterId(properties)).toMatch(/^[\w-]{20,}$/);
    const outdated = broker.token('admin', -60);
    await writeFile(file, outdated);
    expect(await failure(properties, [outdated])).toMatchObject({
      code: 'KAFKA_AUTH',
      message: expect.stringMatching(/token in .* has run out at/) as string,
    });
    const forged = `${broker.token('admin').split('.').slice(0, 2).join('.')}.AAAA`;
    await writeFile(file, forged);
    expect(await failure(properties, [forged])).toMatchObject({ code: 'KAFKA_AUTH' });
    await writeFile(file, broker.token('admin'));
    expect(await clusterId(properties)).toMatch(/^[\w-]{20,}$/);
  });

  test.each(['SASL_SSL, PLAIN', 'SASL_SSL, SCRAM-SHA-256', 'SASL_SSL, SCRAM-SHA-512'])(
    'a wrong password with %s is KAFKA_AUTH, and is not told',
    async (name) => {
      const login = logins()[name] ?? {};
      const jaas = (login['sasl.jaas.config'] ?? '').replace('admin-secret', 'hunter2-wrong');
      const { code, cure } = await failure({ ...login, 'sasl.jaas.config': jaas }, ['hunter2']);
      expect([code, cure]).toEqual(['KAFKA_AUTH', expect.stringContaining('sasl.jaas.config')]);
    },
  );

  test('a mechanism that the broker lacks, and a login where none is asked for', async () => {
    const login = logins()['SASL_SSL, PLAIN'] ?? {};
    const unsaid = { ...login, 'bootstrap.servers': broker.sslServers };
    const { code } = await failure(unsaid, ['admin-secret']);
    expect(code).toMatch(/^KAFKA_(AUTH|CONNECT)$/);
  });

  test('an authority that did not sign the broker is KAFKA_AUTH', async () => {
    const login = logins()['SASL_SSL, PLAIN'] ?? {};
    const wrong = { ...login, 'ssl.truststore.location': pemFile('other-ca.pem') };
    const { code, cure } = await failure(wrong, ['admin-secret']);
    expect([code, cure]).toEqual(['KAFKA_AUTH', expect.stringContaining('ssl.')]);
  });

  test('a host that the certificate lacks is KAFKA_AUTH, unless nobody compares', async () => {
    const wrong = {
      ...logins()['SASL_SSL, PLAIN'],
      'bootstrap.servers': broker.bootstrapServers.replace('localhost', '127.0.0.1'),
    };
    const { code, message } = await failure(wrong, ['admin-secret']);
    expect([code, message]).toEqual(['KAFKA_AUTH', expect.stringMatching(/127\.0\.0\.1/)]);
    const lax = { ...wrong, 'ssl.endpoint.identification.algorithm': '' };
    expect(await clusterId(lax)).toMatch(/^[\w-]{20,}$/);
  });

  test('no certificate where one is asked for is KAFKA_AUTH', async () => {
    const { mutual } = { mutual: logins()['SSL, our certificate as PEM'] ?? {} };
    const { 'ssl.keystore.key': _key, 'ssl.keystore.certificate.chain': _chain, ...rest } = mutual;
    const { code } = await failure(rest, []);
    expect(code).toBe('KAFKA_AUTH');
  });

  test('plain text to a port of TLS fails in time', async () => {
    const { code } = await failure({ 'bootstrap.servers': broker.sslServers }, []);
    expect(code).toMatch(/^KAFKA_(AUTH|CONNECT|TIMEOUT)$/);
  });

  test('authorities that are renewed while running count for new connections', async () => {
    await using folder = await temporaryFolder('certificates');
    const ca = path.join(folder.path, 'ca.pem');
    await copyFile(pemFile('ca.pem'), ca);
    const login = { ...logins()['SASL_SSL, PLAIN'], 'ssl.truststore.location': ca };
    const warnings: string[] = [];
    const connection = connectionOf(login, (message) => warnings.push(message));
    const connect = async (): Promise<string> => {
      await using client = await open(connection);
      return await client.admin.clusterId();
    };
    const id = await connect();
    await writeFile(ca, 'half of it');
    expect(await connect()).toBe(id);
    expect(warnings).toEqual([expect.stringContaining(ca)]);
    await copyFile(pemFile('other-ca.pem'), `${ca}.new`);
    await rename(`${ca}.new`, ca);
    await expect(connect()).rejects.toMatchObject({ code: 'KAFKA_AUTH' });
    await copyFile(pemFile('ca.pem'), ca);
    expect(await connect()).toBe(id);
  });
});
