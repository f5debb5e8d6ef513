import type { Option } from './option.ts';
import { acceptedOptions, withDocs } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { guardOptions, HEARTBEAT_OPTIONS, LOSS } from './source-guard-options.ts';
import { exclusive } from './source-shaping-options.ts';

const NO_LOSS = { warn: LOSS, skip: LOSS, ignore: LOSS };
const METADATA = 'the metadata is used wherever the server sends it';

/** Which transactions of the binlog are read, from where, and what may go wrong with them. */
export const MYSQL_BINLOG_OPTIONS: readonly Option[] = [
  {
    name: 'gtid.source.includes',
    type: { kind: 'regex-list' },
    doc:
      'Sources whose GTIDs count for where to go on: UUIDs of MySQL, domains of MariaDB ' +
      '(`domain-server`). Absent: all.',
  },
  {
    name: 'gtid.source.excludes',
    type: { kind: 'regex-list' },
    doc: 'Sources whose GTIDs do not count.',
  },
  {
    name: 'gtid.source.filter.dml.events',
    type: { kind: 'boolean' },
    default: 'true',
    doc:
      'With one of these lists: changes of transactions from other sources give no records. ' +
      'Their DDL is followed all the same.',
  },
  {
    name: 'gtid.ignore.on.recovery',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Go on by file and position also where GTIDs are stored, on the same server only.',
  },
  {
    name: 'include.query',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Put the statement of a change into `source.query`, also where it has values of masked or ' +
      'excluded columns. The server must log it: binlog_rows_query_log_events of MySQL, ' +
      'binlog_annotate_row_events of MariaDB.',
  },
  {
    name: 'inconsistent.schema.handling.mode',
    type: { kind: 'enum', values: ['fail'], refused: NO_LOSS },
    default: 'fail',
    doc:
      'Changes of a table whose shape is not known: it is read from the catalog, and where that ' +
      'does not fit either, the task stops.',
  },
  {
    name: 'event.deserialization.failure.handling.mode',
    type: { kind: 'enum', values: ['fail'], refused: NO_LOSS },
    default: 'fail',
    doc: 'Old name of event.processing.failure.handling.mode.',
  },
  ...guardOptions('system databases are never captured'),
  ...withDocs(HEARTBEAT_OPTIONS, {
    'heartbeat.interval.ms':
      'How often a record is written to `__debezium-heartbeat.<topic.prefix>`. 0: never. The ' +
      'stored position follows the binlog also while no captured table changes.',
    'heartbeat.action.query': 'Statement to run at each heartbeat.',
  }),
  ...acceptedOptions({
    'binlog.buffer.size': 'what a rolled back transaction left in the binlog is there to stay',
    'binlog.metadata.based.schema': METADATA,
    'resolve.create.table.like.schema': 'the shapes of all tables are known, captured or not',
    'ddl.parser.type': 'there is one parser',
    'min.row.count.to.stream.results': 'rows are never gathered, however few',
  }),
];

/** Rules over several properties. */
export const MYSQL_BINLOG_RULES: readonly OptionRule[] = [
  exclusive('gtid.source.includes', 'gtid.source.excludes'),
];
