import { TidemarkError } from '../../foundation/errors.ts';

const TLS_CODE = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/;

/** Why a node could not be asked; its own certificate, ours, or the way to it. */
export function unreachable(address: string, thrown: unknown): TidemarkError {
  const { message, code = '' } = thrown as NodeJS.ErrnoException;
  const why = message === '' ? code : message;
  const cause = thrown;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || /wrong version number/i.test(why)) {
    return new TidemarkError('SINK_TLS', `${address} does not speak TLS`, {
      cause,
      cure: 'Write http:// in connection.url, or name the port that has TLS.',
    });
  }
  if (code.startsWith('HPE_')) {
    return new TidemarkError('SINK_CONNECT', `${address} does not answer in HTTP: ${why}`, {
      cause,
      cure: 'Check the port in connection.url; one with TLS wants https://.',
    });
  }
  if (TLS_CODE.test(code)) {
    return new TidemarkError(
      'SINK_TLS',
      `${address} cannot be trusted, or does not trust us: ${why}`,
      {
        cause,
      },
    );
  }
  return new TidemarkError('SINK_CONNECT', `${address} cannot be reached: ${why}`, { cause });
}
