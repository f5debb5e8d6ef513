import type { KafkaLogin, KafkaSaslSettings } from '../../../config/kafka-login.ts';
import type { KafkaSettings } from '../../../config/kafka-settings.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { KafkaConnection, KafkaSasl } from '../kafka-client.ts';
import { BearerTokens } from './bearer-token.ts';
import { type CertificateWarning, CertificateFiles } from './certificate-files.ts';

/** What a connection needs of the process. */
export interface ConnectionContext {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  /** Renewed certificates that cannot be used. */
  readonly warn: CertificateWarning;
}

/** How brokers are reached, for a client. Throws KAFKA_AUTH when certificates cannot be read. */
export function kafkaConnection(
  settings: KafkaSettings,
  login: KafkaLogin,
  { clock, warn }: ConnectionContext,
): KafkaConnection {
  const { bootstrapServers, clientId, requestTimeoutMs, connectTimeoutMs, metadataMaxAgeMs } =
    settings;
  const files = login.tls === null ? null : new CertificateFiles(login.tls, warn);
  const options = { clock, timeoutMs: requestTimeoutMs, authorities: () => files?.current().ca };
  return {
    bootstrapServers,
    clientId,
    tls: files === null ? null : () => files.current(),
    sasl: login.sasl === null ? null : saslOf(login.sasl, options),
    requestTimeoutMs,
    connectTimeoutMs,
    metadataMaxAgeMs,
  };
}

function saslOf(
  sasl: KafkaSaslSettings,
  options: ConstructorParameters<typeof BearerTokens>[1],
): KafkaSasl {
  if (sasl.mechanism !== 'OAUTHBEARER') return sasl;
  const tokens = new BearerTokens(sasl.source, options);
  return { mechanism: 'OAUTHBEARER', token: () => tokens.token() };
}
