import { createPublicKey, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ListenerSettings } from './kafka-settings.ts';
import { pem, pemFile } from './tls-server.ts';

/** Names and passwords, for PLAIN and SCRAM alike. */
export const KAFKA_USERS = {
  admin: 'admin-secret',
  alice: 'alice-secret',
  bob: 'bob-secret',
} as const;

const ISSUER = 'tidemark-tests';
const AUDIENCE = 'kafka';
const SECURITY = 'org.apache.kafka.common.security';

/** Signs tokens that the broker believes. */
export interface TokenIssuer {
  /** A JWT; with `seconds` below 0 it has run out. */
  token(subject: string, seconds?: number): string;
}

/** What a secured broker is started with. */
export interface KafkaSecurity {
  readonly listening: ListenerSettings;
  readonly javaOptions: readonly string[];
  readonly issuer: TokenIssuer;
}

/**
 * TLS, SASL with every mechanism, mutual TLS, and ACLs that deny what nobody allowed. The user
 * `admin` may do everything; `alice`, `bob` and the certificate's `CN=certuser` nothing yet.
 */
export async function prepareSecurity(
  folder: string,
  users: Readonly<Record<string, string>>,
): Promise<KafkaSecurity> {
  const keystore = path.join(folder, 'keystore.pem');
  await writeFile(keystore, `${pem('server.key')}\n${pem('server.pem')}`);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = path.join(folder, 'jwks.json');
  await writeFile(keys, keySet(privateKey));
  return {
    listening: {
      listeners: {
        SASL_SSL: 'SASL_SSL',
        SASL_PLAINTEXT: 'SASL_PLAINTEXT',
        SSL: 'SSL',
        MUTUAL: 'SSL',
        INTERNAL: 'SASL_PLAINTEXT',
        CONTROLLER: 'SASL_PLAINTEXT',
      },
      interBroker: 'INTERNAL',
      advertisedHost: 'localhost',
      settings: securitySettings(keystore, keys, users),
    },
    javaOptions: [
      `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://${keys}`,
      `-Dorg.apache.kafka.sasl.oauthbearer.allowed.files=${keys}`,
    ],
    issuer: { token: (subject, seconds = 3600) => signToken(privateKey, subject, seconds) },
  };
}

function securitySettings(
  keystore: string,
  keys: string,
  users: Readonly<Record<string, string>>,
): Record<string, string> {
  const accounts = Object.entries({ ...KAFKA_USERS, ...users })
    .map(([name, password]) => `user_${name}="${password}"`)
    .join(' ');
  const plain =
    `${SECURITY}.plain.PlainLoginModule required username="admin" ` +
    `password="${KAFKA_USERS.admin}" ${accounts};`;
  const settings: Record<string, string> = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': pemFile('ca.pem'),
    'listener.name.mutual.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin',
    'allow.everyone.if.no.acl.found': 'false',
  };
  for (const name of ['internal', 'controller']) {
    settings[`listener.name.${name}.sasl.enabled.mechanisms`] = 'PLAIN';
    settings[`listener.name.${name}.plain.sasl.jaas.config`] = plain;
  }
  for (const name of ['sasl_ssl', 'sasl_plaintext']) {
    const prefix = `listener.name.${name}`;
    const scram = `${SECURITY}.scram.ScramLoginModule required;`;
    const bearer = `${prefix}.oauthbearer.sasl`;
    settings[`${prefix}.plain.sasl.jaas.config`] = plain;
    settings[`${prefix}.scram-sha-256.sasl.jaas.config`] = scram;
    settings[`${prefix}.scram-sha-512.sasl.jaas.config`] = scram;
    settings[`${bearer}.jaas.config`] = `${SECURITY}.oauthbearer.OAuthBearerLoginModule required;`;
    settings[`${bearer}.server.callback.handler.class`] =
      `${SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler`;
    settings[`${bearer}.oauthbearer.jwks.endpoint.url`] = `file://${keys}`;
    settings[`${bearer}.oauthbearer.expected.audience`] = AUDIENCE;
    settings[`${bearer}.oauthbearer.expected.issuer`] = ISSUER;
  }
  return settings;
}

function keySet(privateKey: KeyObject): string {
  const { n, e } = createPublicKey(privateKey).export({ format: 'jwk' });
  return JSON.stringify({ keys: [{ kty: 'RSA', kid: 'k1', use: 'sig', alg: 'RS256', n, e }] });
}

function signToken(privateKey: KeyObject, subject: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  // One that has run out was issued before.
  const issued = Math.min(now, now + seconds) - 10;
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
  const claims = { sub: subject, iss: ISSUER, aud: AUDIENCE, iat: issued, exp: now + seconds };
  const signed = `${header}.${encode(claims)}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
}
