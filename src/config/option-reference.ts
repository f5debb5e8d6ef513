import { CHANNEL_TABLES, CHANNEL_TYPES } from './alert-channel-options.ts';
import { ALERT_OPTIONS, ALERT_RULE_OPTIONS, MAINTENANCE_OPTIONS } from './alert-options.ts';
import {
  CONFLUENT_JDBC_SINK_OPTIONS,
  DEBEZIUM_JDBC_SINK_OPTIONS,
  JDBC_SINK_OPTIONS,
} from './jdbc-sink-options.ts';
import { CONNECT_FILE_SINK_OPTIONS, FILE_SINK_OPTIONS } from './file-sink-options.ts';
import { CONNECT_FILE_SOURCE_OPTIONS, FILE_SOURCE_OPTIONS } from './file-source-options.ts';
import { honouredClientProperties } from './kafka-client-properties.ts';
import { HTTP_OPTIONS } from './http-options.ts';
import {
  DEBEZIUM_MARIADB_OPTIONS,
  DEBEZIUM_MYSQL_OPTIONS,
  MARIADB_OPTIONS,
  MYSQL_OPTIONS,
} from './mysql-options.ts';
import type { Option } from './option.ts';
import {
  AIVEN_SEARCH_SINK_OPTIONS,
  CONFLUENT_SEARCH_SINK_OPTIONS,
  SEARCH_SINK_OPTIONS,
} from './search-sink-options.ts';
import { describeOptionType } from './option-value.ts';
import { DEBEZIUM_POSTGRES_OPTIONS, POSTGRES_OPTIONS } from './postgres-options.ts';
import { RUNTIME_OPTIONS } from './runtime-options.ts';
import { CHANGE_POLICY_OPTIONS, SCHEMA_OPTIONS } from './schema-change-options.ts';
import { VERIFY_OPTIONS } from './verify-options.ts';
import { PREDICATES } from './connect-transform-options.ts';
import type { TransformClass } from './transform-class.ts';
import { TRANSFORMS } from './transform-options.ts';
import { transportTable } from './transport-options.ts';

/** One table with a column of defaults per class. */
interface ReferenceSection {
  readonly title: string;
  readonly intro: string;
  /** Heading of the defaults' column → table. The first table gives names and texts. */
  readonly tables: Readonly<Record<string, readonly Option[]>>;
}

const CHANNEL_INTROS = {
  log: "Lines of the daemon's log. There is always one; `enabled: false` turns it off.",
  topic: 'Records of the log, in the embedded one as in Kafka.',
  webhook: 'POST with JSON.',
  slack: 'Incoming webhooks of Slack, and of what takes the same: Mattermost, Discord (`…/slack`).',
  email: 'Mail over SMTP.',
  command: 'A program that is run for each alert; exit code 0 says that it has it.',
} as const;

const SECTIONS: readonly ReferenceSection[] = [
  {
    title: 'Section `transport`: the embedded log',
    intro: 'Records and offsets live in a store inside the daemon.',
    tables: { default: transportTable('embedded').options },
  },
  {
    title: 'Section `transport`: Kafka',
    intro:
      "With `type: kafka`. The names are those of a worker of Kafka Connect and of Kafka's " +
      'clients; converters are given in the section source.',
    tables: { default: transportTable('kafka').options },
  },
  {
    title: 'Section `source`: PostgreSQL',
    intro:
      'The names are those of Debezium. `connector.class: postgres` has safe defaults; the Java ' +
      'class name brings those of Debezium.',
    tables: { '`postgres`': POSTGRES_OPTIONS, 'Java class': DEBEZIUM_POSTGRES_OPTIONS },
  },
  {
    title: 'Section `source`: MySQL and MariaDB',
    intro:
      'The names are those of Debezium. `connector.class: mysql` and `mariadb` have safe ' +
      'defaults; the Java class names bring those of Debezium.',
    tables: {
      '`mysql`': MYSQL_OPTIONS,
      MySqlConnector: DEBEZIUM_MYSQL_OPTIONS,
      '`mariadb`': MARIADB_OPTIONS,
      MariaDbConnector: DEBEZIUM_MARIADB_OPTIONS,
    },
  },
  {
    title: 'Section `source`: files',
    intro:
      'For `connector.class: file` (JSON lines), and for ' +
      '`org.apache.kafka.connect.file.FileStreamSourceConnector` (or `FileStreamSource`).',
    tables: { '`file`': FILE_SOURCE_OPTIONS, 'Java class': CONNECT_FILE_SOURCE_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: SQL, names of the Confluent JDBC sink',
    intro:
      'For `connector.class: jdbc` or `postgres` (safe defaults), and for ' +
      '`io.confluent.connect.jdbc.JdbcSinkConnector` (its defaults).',
    tables: { '`jdbc`': JDBC_SINK_OPTIONS, 'Java class': CONFLUENT_JDBC_SINK_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: SQL, names of the Debezium JDBC sink',
    intro: 'For `io.debezium.connector.jdbc.JdbcSinkConnector`.',
    tables: { default: DEBEZIUM_JDBC_SINK_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: search',
    intro: 'For `connector.class: elasticsearch` or `opensearch`: one sink, with safe defaults.',
    tables: { default: SEARCH_SINK_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: search, names of the Confluent Elasticsearch sink',
    intro: 'For `io.confluent.connect.elasticsearch.ElasticsearchSinkConnector`.',
    tables: { default: CONFLUENT_SEARCH_SINK_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: search, names of the Aiven OpenSearch sink',
    intro: 'For `io.aiven.kafka.connect.opensearch.OpensearchSinkConnector`.',
    tables: { default: AIVEN_SEARCH_SINK_OPTIONS },
  },
  {
    title: 'Entries of `sinks`: files',
    intro:
      'For `connector.class: file` (JSON lines), and for ' +
      '`org.apache.kafka.connect.file.FileStreamSinkConnector` (or `FileStreamSink`).',
    tables: { '`file`': FILE_SINK_OPTIONS, 'Java class': CONNECT_FILE_SINK_OPTIONS },
  },
  {
    title: 'Section `alerts`',
    intro: 'Beside its lists `channels`, `rules` and `maintenance`; a list alone is its channels.',
    tables: { default: ALERT_OPTIONS },
  },
  {
    title: 'Entries of `alerts.rules`',
    intro: 'The first rule that covers an alert decides how it is taken.',
    tables: { default: ALERT_RULE_OPTIONS },
  },
  {
    title: 'Entries of `alerts.maintenance`',
    intro: 'Give `from` and `to`, or `hours`, `days` or both.',
    tables: { default: MAINTENANCE_OPTIONS },
  },
  ...CHANNEL_TYPES.map((type): ReferenceSection => ({
    title: `Entries of \`alerts.channels\`: \`type: ${type}\``,
    intro: CHANNEL_INTROS[type],
    tables: { default: CHANNEL_TABLES[type].options.filter(({ name }) => name !== 'type') },
  })),
  {
    title: 'Section `schema`',
    intro: 'What becomes of tables whose shape changes. Beside its list `change.policies`.',
    tables: { default: SCHEMA_OPTIONS },
  },
  {
    title: 'Entries of `schema.change.policies`',
    intro: 'The first entry that covers a change decides; one that is misspelt is refused.',
    tables: { default: CHANGE_POLICY_OPTIONS },
  },
  {
    title: 'Section `http`',
    intro: 'Health, metrics, status and the schema registry.',
    tables: { default: HTTP_OPTIONS },
  },
  {
    title: 'Section `runtime`',
    intro: 'The daemon itself.',
    tables: { default: RUNTIME_OPTIONS },
  },
  {
    title: 'Section `verify`',
    intro: 'Comparing source and targets inside of the daemon, again and again.',
    tables: { default: VERIFY_OPTIONS },
  },
];

/** Every option table as Markdown, for the README. */
export function renderOptionReference(): string {
  const clients = KAFKA_CLIENTS.map(renderSection);
  return [...SECTIONS.map(renderSection), ...clients, renderTransforms()].join('\n\n');
}

const KAFKA_CLIENTS: readonly ReferenceSection[] = [
  {
    title: "Properties of Kafka's producer",
    intro:
      'As `producer.<property>` in the section `transport`, or as `producer.override.<property>` ' +
      "of the source, which wins. Others of Kafka's are accepted with a note that says why they " +
      'have no effect, or refused with the reason.',
    tables: { default: honouredClientProperties('producer') },
  },
  {
    title: "Properties of Kafka's consumer",
    intro:
      'As `consumer.<property>` in the section `transport`, or as `consumer.override.<property>` ' +
      'of a sink, which wins.',
    tables: { default: honouredClientProperties('consumer') },
  },
];

const TRANSFORMS_INTRO =
  'For `transforms.<name>.type`: the class name, or its last part. `$Key` or `$Value` says what ' +
  'those with `$…` work on. A path such as `./my-transform.ts` names a module of your own.';

function renderTransforms(): string {
  return [
    '### Transforms',
    '',
    TRANSFORMS_INTRO,
    '',
    ...renderClasses('transform', Object.values(TRANSFORMS)),
    '',
    ...renderClasses('predicate', Object.values(PREDICATES)),
  ].join('\n');
}

function renderClasses(title: string, classes: readonly TransformClass[]): string[] {
  const rows = classes.map(({ java, sided, doc, options }) => {
    const properties = options
      .filter(({ status }) => (status ?? 'supported') === 'supported')
      .map(({ name, required, default: initial }) => {
        if (required === true) return `**\`${name}\`**`;
        return initial === undefined ? `\`${name}\`` : `\`${name}\` = \`${initial}\``;
      });
    return [`\`${java}${sided ? '$…' : ''}\``, doc, properties.join('; ')];
  });
  const table = [[title, 'meaning', 'properties (bold: required)'], ...rows];
  const [head = [], ...body] = table.map((cells) => cells.map(escapeCell));
  const lines = [head, head.map(() => '---'), ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |`);
}

function renderSection({ title, intro, tables }: ReferenceSection): string {
  const headings = Object.keys(tables);
  const [options = []] = Object.values(tables);
  const defaultsOf = headings.map(
    (heading) => new Map((tables[heading] ?? []).map((option) => [option.name, option.default])),
  );
  const supported = listed(options).filter(({ status = 'supported' }) => status === 'supported');
  const rows = supported.map((option) => {
    const defaults = defaultsOf.map((known) => defaultText(option, known.get(option.name)));
    return [`\`${option.name}\``, describeOptionType(option.type), ...defaults, option.doc];
  });
  const table = [['property', 'value', ...headings, 'meaning'], ...rows];
  const [head = [], ...body] = table.map((cells) => cells.map(escapeCell));
  const rule = head.map(() => '---');
  const lines = [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${title}`, '', intro, '', ...lines, ...renderOthers(options)].join('\n');
}

/** Of many alike there is one row. */
function listed(options: readonly Option[]): readonly Option[] {
  const families = new Set(options.flatMap(({ listedAs = [] }) => listedAs));
  return [
    ...options.filter(({ listedAs }) => listedAs === undefined),
    ...[...families].map((name): Option => ({
      name,
      type: { kind: 'string' },
      doc: `A property of Kafka's ${name.slice(0, name.indexOf('.'))}: see below.`,
    })),
  ];
}

function renderOthers(options: readonly Option[]): string[] {
  const list = (status: Option['status']): string =>
    listed(options)
      .filter((option) => option.status === status)
      .map((option) => `\`${option.name}\``)
      .join(', ');
  const accepted = list('accepted');
  const refused = list('refused');
  return [
    ...(accepted === '' ? [] : ['', `Accepted without effect, with a note: ${accepted}.`]),
    ...(refused === '' ? [] : ['', `Refused with the reason: ${refused}.`]),
  ];
}

function defaultText(option: Option, value: string | undefined): string {
  if (option.required === true) return '**required**';
  return value === undefined ? '' : `\`${value}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
