import { type ErrorPolicy, policy } from './error-policy.ts';
import { KAFKA_ERRORS } from './kafka-error-table.ts';
import { MYSQL_ERRORS } from './mysql-error-table.ts';
import { POSTGRES_ERRORS } from './postgres-error-table.ts';
import { SCHEMA_CHANGE_ERRORS } from './schema-error-table.ts';

/**
 * Every failure that an operator can meet has a code in this one table. The code decides what the
 * daemon does (retry), what a command exits with, what HTTP answers, and what the message advises.
 */
export const ERROR_TABLE = {
  // --- configuration
  CONFIG_FILE: policy(
    'stop',
    2,
    400,
    'The pipeline file cannot be read.',
    'Check the path and the permissions of the file.',
  ),
  CONFIG_SYNTAX: policy(
    'stop',
    2,
    400,
    'The pipeline file is not valid YAML.',
    'Mend the line that the message names; `tidemark init <url>` writes a file that works.',
  ),
  CONFIG_INVALID: policy(
    'stop',
    2,
    400,
    'One or more properties have a value that is not allowed, are missing, or contradict each ' +
      'other.',
    'Each line of the message names the property and the rule; the README has the table.',
  ),
  CONFIG_UNSUPPORTED: policy(
    'stop',
    2,
    400,
    'A known property or value is not supported.',
    'Remove the property, or use the alternative that the message names.',
  ),
  CONVERTER_INVALID: policy(
    'stop',
    2,
    400,
    'A custom converter does not keep to its contract.',
    'The message names the file and the reason; the README has one that works.',
  ),
  ...POSTGRES_ERRORS,
  ...MYSQL_ERRORS,
  ...KAFKA_ERRORS,
  // --- embedded transport
  STORE_OPEN: policy(
    'stop',
    3,
    503,
    'The embedded store cannot be opened.',
    'Check transport.path: it must be a folder on a local disk that this user may write.',
  ),
  STORE_LOCKED: policy(
    'stop',
    3,
    409,
    'Another daemon uses this embedded store.',
    'Stop the other daemon (the message has its pid), or give this pipeline its own ' +
      'transport.path.',
  ),
  STORE_VERSION: policy(
    'stop',
    3,
    409,
    'The embedded store was written by another version.',
    'Use that version, or give a new folder, which begins with a snapshot; nothing was changed.',
  ),
  STORE_FULL: policy(
    'backoff',
    1,
    507,
    'The embedded store is full.',
    'Free disk space, raise transport.max.bytes or lower transport.retention.ms; the source ' +
      'waits and nothing is lost.',
  ),
  STORE_IO: policy(
    'stop',
    1,
    500,
    'The embedded store failed to read or write.',
    'Check the disk; the stored data up to the last flush is intact.',
  ),
  CONNECT_REST: policy(
    'stop',
    3,
    502,
    "Kafka Connect's REST interface does not answer as it should.",
    'Check the URL (http://host:8083) and that the worker runs.',
  ),
  HANDOVER_REFUSED: policy(
    'stop',
    3,
    409,
    'Debezium and Tidemark cannot take over from each other as things stand.',
    'The message names what is still open, and how it comes to its end.',
  ),
  TOPIC_UNKNOWN: policy(
    'stop',
    1,
    404,
    'The topic does not exist.',
    'Check the name: `tidemark tail --list`.',
  ),
  OFFSET_OUT_OF_RANGE: policy(
    'stop',
    1,
    409,
    'The offset is older than what the log retains, or beyond its end.',
    'Choose an offset inside the range that the message names.',
  ),
  GROUP_IN_USE: policy(
    'stop',
    3,
    409,
    'A running consumer is a member of this group, so its offsets cannot be moved.',
    'Stop the daemons that run this sink (all of them), then try again.',
  ),
  RECORD_TOO_LARGE: policy(
    'stop',
    1,
    413,
    'A record is larger than the transport takes.',
    'Leave the large column out, or raise the limit that the message names.',
  ),
  // --- schemas
  ...SCHEMA_CHANGE_ERRORS,
  SCHEMA_INVALID: policy(
    'stop',
    1,
    422,
    'A schema cannot be expressed or is not valid.',
    'Read the message: it names the schema, the field and the rule.',
  ),
  RECORD_FORMAT: policy(
    'stop',
    1,
    422,
    'A record cannot be read with the configured converter.',
    'Use the converter (and schemas.enable) with which the topic was written.',
  ),
  TOPIC_COLLISION: policy(
    'stop',
    2,
    409,
    'Two tables would share one topic.',
    'Leave one of the tables out with table.exclude.list, or rename it.',
  ),
  SCHEMA_UNKNOWN: policy(
    'stop',
    1,
    404,
    'A record names a schema id that the registry does not know.',
    'Check that the record was written with this registry.',
  ),
  // --- migrations that are tried
  MIGRATION_REFUSED: policy(
    'stop',
    2,
    400,
    'Statements of a migration are not run in a throw-away copy: they would leave it.',
    'Leave the statements that the message names out of the file that is checked; nothing was run.',
  ),
  MIGRATION_FAILED: policy(
    'stop',
    1,
    422,
    'The server refused a statement of a migration, in a throw-away copy of the schema.',
    'Mend the statement in the line that the message names; the source was not touched.',
  ),
  MIGRATION_SCRATCH: policy(
    'stop',
    3,
    403,
    'No throw-away copy of the schema can be made.',
    'Do what the message says is missing, or name another server with --scratch <url>.',
  ),
  // --- sinks
  SINK_CONNECT: policy(
    'backoff',
    3,
    503,
    'The target database cannot be reached.',
    'Check connection.url and that the server runs; rows wait in the log.',
  ),
  SINK_AUTH: policy(
    'stop',
    3,
    401,
    'The target database refused the user or the password.',
    'Check connection.user and connection.password.',
  ),
  SINK_TLS: policy(
    'backoff',
    3,
    503,
    'No encrypted connection to the target: one side does not trust the other.',
    'Check the truststore, that the certificate names the host of the URL, and the keystore ' +
      'where the server asks for a certificate.',
  ),
  SINK_VERSION: policy(
    'stop',
    3,
    502,
    'The target is a product or a version that the sink does not know.',
    'The sink works with Elasticsearch from 8 on and OpenSearch from 2 on: check the URL.',
  ),
  SINK_RECORD: policy(
    'stop',
    1,
    422,
    'A record cannot be applied to the target.',
    'The message names table, key and reason; correct the target or the row, then resume.',
  ),
  SINK_SCHEMA: policy(
    'stop',
    1,
    409,
    'The target table does not fit the records.',
    'Run the DDL that the message names, or switch auto.create / auto.evolve on.',
  ),
  SINK_KEY_PARKED: policy(
    'stop',
    1,
    409,
    'Records of a key wait as dead letters behind one that could not be applied.',
    'Mend the cause and run `tidemark dlq replay`, or give the records up: `tidemark dlq drop`.',
  ),
  SOURCE_LETTER: policy(
    'stop',
    1,
    409,
    'Dead letters of a source cannot be replayed: newer changes of their rows may have gone out, ' +
      'and the old ones would come behind them.',
    'Mend the cause and have the rows read again, in order with the stream: `tidemark snapshot`. ' +
      'Then give the letters up: `tidemark dlq drop --source`.',
  ),
  SINK_FENCED: policy(
    'stop',
    1,
    409,
    'Another task took over this sink.',
    'Only one daemon may run a sink of this name against this target; stop one of them.',
  ),
  SINK_TRANSACTION: policy(
    'backoff',
    1,
    409,
    'Transactions of the source cannot be applied whole.',
    'One task must read all of the topics, and that of transaction metadata: the message says ' +
      'which is missing. transaction.mode none applies records as they come.',
  ),
  SINK_SERVER: policy(
    'backoff',
    1,
    502,
    'The target database answered with an error.',
    'Read the SQLSTATE and the message of the server.',
  ),
  SOURCE_FILE: policy(
    'backoff',
    3,
    503,
    'The file of a source cannot be read.',
    'Check the path of the property file and the rights to it; nothing of it is passed over.',
  ),
  SINK_FILE: policy(
    'backoff',
    3,
    503,
    'The file of a sink cannot be opened, read or written.',
    'Check the path of the property file and the rights to its folder; records wait in the log.',
  ),
  SINK_FILE_FULL: policy(
    'backoff',
    1,
    507,
    'The disk of a sink is full.',
    'Free disk space, or rotate the file by renaming it; records wait in the log, none is lost.',
  ),
  SINK_FILE_STATE: policy(
    'stop',
    3,
    409,
    'The file of a sink and what is kept of it beside it do not belong together.',
    'The message names both; nothing was changed.',
  ),
  // --- demo and its own PostgreSQL
  DEMO_SERVER: policy(
    'stop',
    3,
    503,
    'The PostgreSQL that the demo brings along cannot be started.',
    'Read the lines of the server that the message shows; deleting the demo folder starts afresh.',
  ),
  DEMO_IN_USE: policy(
    'stop',
    3,
    409,
    'Another demo is running in this folder.',
    'Stop it (the message has its pid), or give this one its own folder with --path.',
  ),
  DEMO_LAGGING: policy(
    'stop',
    1,
    504,
    'The demo ended before its warehouse had everything.',
    'Give it more time with --for, or less to do with --rate.',
  ),
  // --- runtime and command line
  SHUTDOWN_TIMEOUT: policy(
    'stop',
    1,
    500,
    'The shutdown did not finish in time.',
    'State is safe: the next start resumes at the last durable offset.',
  ),
  HTTP_LISTEN: policy(
    'stop',
    3,
    500,
    'The HTTP port cannot be opened.',
    'Choose another http.listen address.',
  ),
  NOT_RUNNING: policy(
    'stop',
    3,
    404,
    'No daemon answers for this pipeline.',
    'Start it with `tidemark run <file>`, or name the store with --path.',
  ),
  ALERT_CHANNEL: policy(
    'backoff',
    3,
    502,
    'A channel did not take an alert.',
    'The alert waits and is tried again; mend the channel and try it: `tidemark alerts test`.',
  ),
  VERIFY_BEHIND: policy(
    'stop',
    3,
    409,
    'The log or a sink did not reach the place up to which verify compares in the time it waits.',
    'Let the pipeline run (`tidemark run`), look at `tidemark status`, and try again.',
  ),
  VERIFY_BUSY: policy(
    'stop',
    3,
    409,
    'The daemon compares source and targets for somebody else.',
    'Wait for its end, or end that one, and ask again.',
  ),
  VERIFY_REPAIR: policy(
    'stop',
    2,
    409,
    'The source cannot tell rows again that verify --repair asked for.',
    'The message says why. Read the table again: tidemark snapshot <file> --tables <table>.',
  ),
  USAGE: policy(
    'stop',
    2,
    400,
    'The command line is not right.',
    'See `tidemark <command> --help`.',
  ),
  INTERNAL: policy(
    'stop',
    1,
    500,
    'An invariant does not hold.',
    'This is a defect: report it with the log. State on disk is as of the last durable batch.',
  ),
} as const satisfies Record<string, ErrorPolicy>;

/** A code of the table. */
export type ErrorCode = keyof typeof ERROR_TABLE;
