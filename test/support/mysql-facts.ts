import { GtidSet } from '../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../src/model/mariadb-gtid.ts';
import type { MysqlServerFacts } from '../../src/source/mysql/wire/mysql-server-facts.ts';

/** A MySQL in its best order, but for what is given. */
export function mysqlFacts(change: Partial<MysqlServerFacts> = {}): MysqlServerFacts {
  return {
    flavor: 'mysql',
    versionText: '9.7.4',
    version: 90_704,
    serverId: 1,
    serverUuid: '0edc9ba3-e627-11f1-8348-02fc00000001',
    gtid: { kind: 'mysql', mode: 'ON', executed: new GtidSet(), purged: new GtidSet() },
    binlog: {
      enabled: true,
      format: 'ROW',
      rowImage: 'FULL',
      rowMetadata: 'FULL',
      rowValueOptions: '',
      checksum: 'CRC32',
      logsStatements: false,
      expireSeconds: 2_592_000,
      logsReplicated: true,
    },
    lowerCaseTableNames: 0,
    timeZone: 'SYSTEM',
    systemTimeZone: 'UTC',
    account: "'cdc'@'%'",
    ...change,
  };
}

/** A MariaDB in its best order, but for what is given. */
export function mariadbFacts(change: Partial<MysqlServerFacts> = {}): MysqlServerFacts {
  return {
    ...mysqlFacts(),
    flavor: 'mariadb',
    versionText: '10.11.18-MariaDB',
    version: 101_118,
    serverUuid: null,
    gtid: { kind: 'mariadb', domain: 0, binlog: new MariadbGtidPosition() },
    ...change,
  };
}
