import type { ServerPrograms, ServerSeries, ServerSettings } from './mysql-programs.ts';
import { flavorOf } from './mysql-programs.ts';

/** Where one server lies and listens. */
export interface ServerPlace {
  readonly dataDir: string;
  readonly temporary: string;
  readonly port: number;
  /** `ca.pem`, `server.pem`, `server.key`; null: connections are not encrypted. */
  readonly certificates: string | null;
}

/**
 * Whose certificate a server has: 5.6 and 5.7 were built with a TLS that no client of today speaks,
 * and 8.0.15 knows no elliptic curves, so that it has to make its own.
 */
export function certificateOf(series: ServerSeries): 'ours' | 'its own' | 'none' {
  if (series === '5.6' || series === '5.7') return 'none';
  return series === '8.0' ? 'its own' : 'ours';
}

/** Those that the data folder is made with: the sizes of files have to stay what they were. */
export function storageSettings(programs: ServerPrograms): ServerSettings {
  const { series, settings } = programs;
  return {
    ...settings,
    ...(series === '9.7' ? { 'innodb-redo-log-capacity': '8M' } : { 'innodb-log-file-size': '4M' }),
    'innodb-buffer-pool-size': '32M',
    'innodb-log-buffer-size': '2M',
    ...(flavorOf(series) === 'mysql' && series !== '5.6'
      ? { 'innodb-buffer-pool-chunk-size': '8M' }
      : {}),
    // Many servers at once would use up what the kernel has of it.
    'innodb-use-native-aio': 0,
    'performance-schema': 'OFF',
    'character-set-server': 'utf8mb4',
  };
}

/**
 * Those of a source of changes in its best order, and small. What was committed outlives a SIGKILL
 * (it is with the kernel), not a power cut.
 */
export function runningSettings(programs: ServerPrograms, place: ServerPlace): ServerSettings {
  const { series } = programs;
  const { dataDir, temporary, port } = place;
  return {
    ...storageSettings(programs),
    datadir: dataDir,
    'bind-address': '127.0.0.1',
    port,
    'server-id': port,
    socket: 'server.sock',
    'pid-file': 'server.pid',
    tmpdir: temporary,
    // Debian's would have to be there.
    'secure-file-priv': temporary,
    'skip-name-resolve': true,
    'default-time-zone': '+00:00',
    'max-allowed-packet': '256M',
    'max-connections': 200,
    'table-open-cache': 400,
    'table-definition-cache': 400,
    'key-buffer-size': '64K',
    ...(flavorOf(series) === 'mariadb' ? { 'aria-pagecache-buffer-size': '8M' } : {}),
    'innodb-flush-log-at-trx-commit': 2,
    'sync-binlog': 0,
    'log-bin': 'binlog',
    // The only one that is left, and deprecated to name, in the newest.
    ...(series === '9.7' ? {} : { 'binlog-format': 'ROW' }),
    'binlog-row-image': 'FULL',
    ...(series === '5.6' || series === '5.7' ? {} : { 'binlog-row-metadata': 'FULL' }),
    ...(flavorOf(series) === 'mariadb' ? { 'gtid-strict-mode': 'ON' } : mysqlOnly(series)),
    ...tlsOf(series, place),
  };
}

function mysqlOnly(series: ServerSeries): ServerSettings {
  return {
    'gtid-mode': 'ON',
    'enforce-gtid-consistency': 'ON',
    ...(series === '5.6' ? { 'log-slave-updates': true } : {}),
    ...(series === '8.0' || series === '9.7' ? { mysqlx: 'OFF' } : {}),
  };
}

function tlsOf(series: ServerSeries, { certificates }: ServerPlace): ServerSettings {
  if (certificates === null) return {};
  switch (certificateOf(series)) {
    case 'none':
      return { 'skip-ssl': true };
    case 'its own':
      return {};
    case 'ours':
      return {
        'ssl-ca': `${certificates}/ca.pem`,
        'ssl-cert': `${certificates}/server.pem`,
        'ssl-key': `${certificates}/server.key`,
      };
  }
}

/** The command line; a server reads no file of the machine. */
export function serverArguments(
  programs: ServerPrograms,
  settings: ServerSettings,
): readonly string[] {
  const options = Object.entries(settings).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
  return [...programs.args, '--no-defaults', ...options];
}
