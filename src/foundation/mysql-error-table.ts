import { type ErrorPolicy, policy } from './error-policy.ts';

/** The errors of the MySQL and MariaDB source: a part of the one table. */
export const MYSQL_ERRORS = {
  MYSQL_CONNECT: policy(
    'backoff',
    3,
    503,
    'The MySQL or MariaDB server cannot be reached.',
    'Check database.hostname and database.port, that the server runs, and the firewall.',
  ),
  MYSQL_TLS: policy(
    'stop',
    3,
    401,
    'No encrypted connection as database.ssl.mode asks for it.',
    'Check database.ssl.mode and the certificates of database.ssl.*; SHOW GLOBAL VARIABLES LIKE ' +
      "'%ssl%'; on the server.",
  ),
  MYSQL_AUTH: policy(
    'stop',
    3,
    401,
    'The server refused the user or the password.',
    'Check database.user and database.password, and from which hosts the account may connect: ' +
      'SELECT user, host, plugin FROM mysql.user;',
  ),
  MYSQL_AUTH_PLUGIN: policy(
    'stop',
    3,
    422,
    'The account logs in by a plugin that is not supported.',
    'ALTER USER <account> IDENTIFIED WITH caching_sha2_password BY <password>; on MySQL, ' +
      'ALTER USER <account> IDENTIFIED VIA mysql_native_password USING PASSWORD(<password>); ' +
      'on MariaDB.',
  ),
  MYSQL_DATABASE_MISSING: policy(
    'stop',
    3,
    404,
    'A database does not exist.',
    'Check the names in database.include.list: SHOW DATABASES;',
  ),
  MYSQL_PERMISSION: policy(
    'stop',
    3,
    403,
    'The account lacks a privilege.',
    'Run the GRANT that the message names, as an administrator.',
  ),
  MYSQL_CONNECTIONS_EXHAUSTED: policy(
    'backoff',
    3,
    503,
    'The server takes no more connections.',
    'SET GLOBAL max_connections = <more>; or raise the limits of the account: ALTER USER ' +
      '<account> WITH MAX_USER_CONNECTIONS 0;',
  ),
  MYSQL_SNAPSHOT_RACE: policy(
    'backoff',
    1,
    503,
    'Tables were altered whenever the snapshot was about to begin.',
    'Hold back DDL on the tables that the message names until the snapshot has begun; where they ' +
      'are not to be captured, leave their databases out by database.include.list.',
  ),
  MYSQL_BINLOG_OFF: policy(
    'stop',
    3,
    409,
    'The server writes no binlog.',
    'Start the server with log_bin and a server_id other than 0 (RDS: switch backups on).',
  ),
  MYSQL_BINLOG_SETTINGS: policy(
    'stop',
    3,
    409,
    'The binlog does not hold what capture needs.',
    'Run the SET GLOBAL that the message names; sessions that are open keep the old value.',
  ),
  MYSQL_SHAPE: policy(
    'stop',
    3,
    409,
    'Rows do not fit the definition that is known of their table.',
    'It was changed without the binlog (SET sql_log_bin = 0), or more than once before it was ' +
      'read: snapshot the table anew, with snapshot.mode: recovery where all shapes are in doubt.',
  ),
  MYSQL_HISTORY_LOST: policy(
    'stop',
    3,
    409,
    'The shapes of tables at the stored position are not known: the schema history is lost.',
    'Where no table was changed since, set snapshot.mode: recovery for one start; else snapshot ' +
      'anew.',
  ),
  MYSQL_BINLOG_LOST: policy(
    'stop',
    3,
    409,
    'The server has purged binlog that was still needed.',
    'The changes in between are gone: snapshot anew (snapshot.mode: when_needed does so by ' +
      'itself), or connect to a server that still has them. Then keep binlogs longer: SET GLOBAL ' +
      'binlog_expire_logs_seconds = 604800;',
  ),
  MYSQL_POSITION: policy(
    'stop',
    3,
    409,
    'The stored position is not one of this server.',
    'The message names what differs: connect to the server that it belongs to, or snapshot anew.',
  ),
  MYSQL_GTID_DIVERGED: policy(
    'stop',
    3,
    409,
    'The stored GTIDs are not part of the history of this server.',
    'Transactions were captured that this server does not have (lost in a crash or a failover): ' +
      'connect to a server that has them, or snapshot anew.',
  ),
  MYSQL_REPLICA_BEHIND: policy(
    'backoff',
    3,
    503,
    'The server has not applied yet what was captured from another of its set.',
    'Nothing to do while it catches up: SHOW REPLICA STATUS; (SHOW SLAVE STATUS; on MariaDB). If ' +
      'the other server took the transactions with it, this one is refused after five minutes.',
  ),
  MYSQL_GTID_MODE: policy(
    'stop',
    3,
    409,
    'The server does not number all its transactions.',
    'SET GLOBAL enforce_gtid_consistency = ON; then SET GLOBAL gtid_mode = OFF_PERMISSIVE; ' +
      'SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = ON;',
  ),
  MYSQL_BINLOG_READ: policy(
    'stop',
    1,
    502,
    'The server cannot read its own binlog.',
    'Look at the error log of the server; SHOW BINARY LOGS; shows the files. If a file is ' +
      'damaged, connect to another server of the topology, or snapshot anew.',
  ),
  MYSQL_REPLICA_ID_IN_USE: policy(
    'backoff',
    3,
    409,
    'Another replica of the server has the same server id.',
    'Choose another database.server.id, or leave it out, so that one is derived from the ' +
      "pipeline's name: SHOW REPLICAS; (SHOW SLAVE HOSTS; on MariaDB) lists those in use.",
  ),
  MYSQL_REPLACED: policy(
    'stop',
    1,
    409,
    'Another reader with the same identity took over the stream.',
    'Only one daemon may run a pipeline of this name; stop one of them, or give each its own ' +
      'database.server.id: SHOW REPLICAS; (SHOW SLAVE HOSTS; on MariaDB) lists those in use.',
  ),
  MYSQL_LOCK_TIMEOUT: policy(
    'backoff',
    3,
    503,
    'Another session holds a lock that stands in the way.',
    'End the transaction that holds it: SHOW FULL PROCESSLIST;',
  ),
  MYSQL_QUERY_TIMEOUT: policy(
    'backoff',
    3,
    503,
    'A query on the source took longer than it may.',
    'Raise database.query.timeout.ms (0: no limit), or end what slows the server down: ' +
      'SHOW FULL PROCESSLIST;',
  ),
  MYSQL_UNSUPPORTED_SERVER: policy(
    'stop',
    3,
    422,
    'This server cannot be captured from.',
    'Use MySQL 5.6 or newer, or MariaDB 10.2 or newer.',
  ),
  MYSQL_CONNECTION_LOST: policy(
    'backoff',
    1,
    503,
    'The connection to MySQL or MariaDB broke.',
    'Nothing to do if it comes back: the daemon reconnects and resumes at the stored position.',
  ),
  MYSQL_SERVER: policy(
    'stop',
    1,
    502,
    'MySQL or MariaDB answered with an error.',
    'Read the number and the message of the server.',
  ),
} as const satisfies Record<string, ErrorPolicy>;
