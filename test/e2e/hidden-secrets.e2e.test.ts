import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { setAcls } from '../support/kafka-acls.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { basicAuthorization, startRegistryFront } from '../support/registry-front.ts';
import { startRegistry, type RegistryServer } from '../support/registry-server.ts';
import { listedAcls } from '../support/secured-pipeline.ts';
import { pem, pemFile } from '../support/tls-server.ts';

// Whatever a run prints, logs or answers is searched for every secret that its file has, also on
// the paths on which something fails: errors of libraries like to carry their options along.

type Properties = Readonly<Record<string, unknown>>;

let broker: KafkaCluster;
let registry: RegistryServer;
let database: TestDatabase;

const USER_PASSWORD = 'kafka-hunter2-scram';
const REGISTRY_PASSWORD = 'registry-hunter2';
const HTTP_TOKEN = 'http-hunter2-token';
const WRONG = 'wrong-hunter2';

beforeAll(async () => {
  [broker, registry, database] = await Promise.all([
    startOwnBroker({ secure: { users: { cdc: USER_PASSWORD } } }),
    startRegistry(),
    freshDatabase(),
  ]);
  await setAcls(broker, 'cdc', listedAcls(false));
  await database.query(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
});

afterAll(async () => {
  for (const server of [broker, registry, database]) await server[Symbol.asyncDispose]();
});

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required';
const OAUTH = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';

function scram(password: string): Properties {
  return {
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config': `${SCRAM} username="cdc" password="${password}";`,
  };
}

interface Secrets {
  readonly transport: Properties;
  readonly source?: Properties;
}

async function secretPipeline({ transport, source = {} }: Secrets, port: number) {
  const section = {
    type: 'kafka',
    'bootstrap.servers': broker.bootstrapServers,
    'security.protocol': 'SASL_SSL',
    'ssl.truststore.location': pemFile('ca.pem'),
    'ssl.keystore.key': pem('client-encrypted.key'),
    'ssl.keystore.certificate.chain': pem('client.pem'),
    'ssl.key.password': 'key-secret',
    'request.timeout.ms': '5s',
    ...transport,
  };
  return await pipelineFolder({
    name: 'shop',
    // What is null there stands for a property that the others have.
    transport: Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null)),
    source: sourceSection(database, { 'errors.max.retries': 0, ...source }),
    http: { listen: `127.0.0.1:${port}`, token: HTTP_TOKEN },
    runtime: { 'log.level': 'trace', 'log.format': 'json' },
  });
}

/** What every file above has, and what only some have. */
function expectHidden(texts: readonly string[], more: readonly string[]): void {
  const keyLine = pem('client-encrypted.key').split('\n')[2] ?? '';
  const secrets = [keyLine, 'key-secret', HTTP_TOKEN, USER_PASSWORD, WRONG, 'hunter2', ...more];
  for (const text of texts) {
    // Nothing was said: nothing was shown.
    expect(text).not.toBe('');
    for (const secret of secrets) {
      const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
      for (const form of forms) expect(text.includes(form), `${secret} in ${text}`).toBe(false);
    }
  }
}

async function answers(port: number): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${HTTP_TOKEN}` };
  const paths = ['/health', '/status', '/metrics', '/notifications', '/no-such-path'];
  const texts: string[] = [];
  for (const path of paths) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    texts.push(await response.text());
  }
  return texts;
}

/** Commands beside a daemon or without one. */
async function commands(file: string): Promise<readonly string[]> {
  const all = [
    ['check', file],
    ['plan', file, '--json'],
  ];
  const results = await Promise.all(all.map((args) => runProgram(args)));
  return results.map(({ stdout, stderr }) => stdout + stderr);
}

/**
 * Runs it until the source streams or tells of an error, or the daemon has ended. A source that has
 * worked waits for its registry instead of failing: what it waits for is an error, too.
 */
async function everythingSaid(secrets: Secrets): Promise<readonly string[]> {
  const port = await freeLoopbackPort();
  await using folder = await secretPipeline(secrets, port);
  await using daemon = Daemon.start({ file: folder.file, port });
  const besideIt = commands(folder.file);
  besideIt.catch(() => undefined);
  const status = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${HTTP_TOKEN}` };
    const response = await fetch(`http://127.0.0.1:${port}/status`, { headers });
    return await response.text();
  };
  const ended = daemon.ended.then(() => 'ended');
  const settled = vi.waitFor(
    async () => {
      const text = await status();
      if (!/"phase":"streaming"|"error":\{/.test(text)) throw new Error(`not yet: ${text}`);
      return 'alive';
    },
    { timeout: 90_000, interval: 50 },
  );
  settled.catch(() => undefined);
  const alive = (await Promise.race([ended, settled])) === 'alive';
  const said: string[] = [];
  try {
    if (alive) said.push(...(await answers(port)));
  } catch {
    // One that fails tells its status while it sends its last alerts; then it is gone.
    await ended;
  }
  said.push(...(await besideIt));
  if (alive) await daemon.stop();
  return [...said, daemon.output];
}

test('a run that works: SCRAM, an encrypted key, a registry with a password', async () => {
  const user = 'reg';
  await using front = await startRegistryFront({
    target: registry.origin,
    authorization: basicAuthorization(user, REGISTRY_PASSWORD),
  });
  const said = await everythingSaid({
    transport: scram(USER_PASSWORD),
    source: registryLogin(front.origin, `${user}:${REGISTRY_PASSWORD}`),
  });
  expect(said.join()).toContain('"phase":"streaming"');
  expectHidden(said, [REGISTRY_PASSWORD, `${user}:${REGISTRY_PASSWORD}`]);
});

test('a password that the broker refuses', async () => {
  const said = await everythingSaid({ transport: scram(WRONG) });
  expect(said.at(-1)).toContain('KAFKA_AUTH');
  expectHidden(said, []);
});

test('a client secret that is refused and repeated; then a forged token', async () => {
  let forged = '';
  const idp = createServer((request, response) => {
    const { authorization = '' } = request.headers;
    const status = forged === '' ? 401 : 200;
    const body =
      forged === ''
        ? { error: 'invalid_client', error_description: `${authorization} ${WRONG}` }
        : { access_token: forged, expires_in: 60 };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
  const { port } = idp.address() as AddressInfo;
  const transport = {
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.jaas.config': `${OAUTH} clientId="cdc" clientSecret="${WRONG}";`,
    'sasl.oauthbearer.token.endpoint.url': `http://127.0.0.1:${port}/token?key=query-hunter2`,
  };
  try {
    const refused = await everythingSaid({ transport });
    expect(refused.at(-1)).toContain('invalid_client');
    const login = `cdc:${WRONG}`;
    expectHidden(refused, [login]);
    forged = `${broker.token('cdc').split('.').slice(0, 2).join('.')}.AAAAforged`;
    const forgedRun = await everythingSaid({ transport });
    expect(forgedRun.at(-1)).toContain('KAFKA_AUTH');
    expectHidden(forgedRun, [login, forged, ...forged.split('.')]);
  } finally {
    idp.closeAllConnections();
    await new Promise((resolve) => idp.close(resolve));
  }
});

test.each([
  ['a key with another password', { 'ssl.key.password': WRONG }],
  [
    'a key that is none',
    { 'ssl.keystore.key': `-----BEGIN PRIVATE KEY-----\n${WRONG}\n-----END PRIVATE KEY-----` },
  ],
  [
    'a PKCS12 store with another password',
    {
      'ssl.keystore.key': null,
      'ssl.keystore.certificate.chain': null,
      'ssl.keystore.location': pemFile('client.p12'),
      'ssl.keystore.password': WRONG,
    },
  ],
])('%s', async (_, properties) => {
  const said = await everythingSaid({ transport: { ...scram(USER_PASSWORD), ...properties } });
  expect(said.at(-1)).toContain('KAFKA_AUTH');
  expectHidden(said, []);
});

test.each([
  ['a login that the registry refuses', 401, 'REGISTRY_AUTH'],
  ['a registry that fails', 500, 'REGISTRY_CONNECT'],
] as const)('%s', async (_, status, code) => {
  await using front = await startRegistryFront({ target: registry.origin });
  front.behaviour = status;
  const source = registryLogin(front.origin, `reg:${WRONG}`);
  const said = await everythingSaid({ transport: scram(USER_PASSWORD), source });
  expect(said.join()).toContain(code);
  expectHidden(said, [`reg:${WRONG}`]);
});

test('a file that is not valid', async () => {
  const port = await freeLoopbackPort();
  for (const transport of [
    { ...scram(USER_PASSWORD), 'sasl.jaas.config': `${SCRAM} username="cdc" password="${WRONG}` },
    { ...scram(USER_PASSWORD), 'producer.sasl.jaas.config': `${SCRAM} password="${WRONG}";` },
    { ...scram(USER_PASSWORD), 'ssl.keystore.certificate.chain': null },
    { ...scram(USER_PASSWORD), 'sasl.mechanism': 'PLAIN' },
  ]) {
    await using folder = await secretPipeline({ transport }, port);
    const { code, stdout, stderr } = await runProgram(['check', folder.file]);
    expect(code).not.toBe(0);
    expectHidden([stdout + stderr], []);
  }
});

function registryLogin(origin: string, userInfo: string): Properties {
  return Object.fromEntries(
    ['key', 'value'].flatMap((side) => [
      [`${side}.converter`, 'avro'],
      [`${side}.converter.schema.registry.url`, `${origin}${new URL(registry.url).pathname}`],
      [`${side}.converter.basic.auth.credentials.source`, 'USER_INFO'],
      [`${side}.converter.basic.auth.user.info`, userInfo],
    ]),
  );
}
