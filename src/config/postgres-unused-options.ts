import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import { UNUSED_SOURCE_OPTIONS } from './source-unused-options.ts';

/** Passed over, they would leave a connection without the protection that was asked for. */
const DRIVER_TLS = Object.fromEntries(
  ['mode', 'rootcert', 'cert', 'key', 'password', 'factory'].map((part) => [
    `driver.ssl${part}`,
    part === 'factory' ? 'Java classes cannot be loaded' : `use database.ssl${part}`,
  ]),
);

/**
 * Properties that Debezium's PostgreSQL connector knows and this source does not act on. What could
 * change or expose data is refused; what only tunes Java's machinery is accepted.
 */
export const POSTGRES_UNUSED_OPTIONS: readonly Option[] = [
  ...UNUSED_SOURCE_OPTIONS,
  ...acceptedOptions({
    'lsn.flush.timeout.ms': 'confirming never blocks',
    'lsn.flush.timeout.action': 'confirming never blocks',
    'schema.refresh.mode': 'the shape of a table comes with the stream',
    'include.schema.comments': 'the original has none for PostgreSQL either',
  }),
  ...refusedOptions({
    'driver.targetServerType': 'use database.target.session.attrs',
    'driver.ssl': 'use database.sslmode',
    ...DRIVER_TLS,
    'database.sslfactory': 'Java classes cannot be loaded',
  }),
];
