import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import {
  RENAMED_SOURCE_OPTIONS,
  renamedTo,
  UNUSED_SOURCE_OPTIONS,
} from './source-unused-options.ts';

const NO_SLOT = 'MySQL and MariaDB have no slots';
const DATABASES = 'a schema is a database here: use ';
const HISTORY = 'schema.history.internal';
const ALL_DATABASES = 'a source reads all databases: choose them by database.include.list';

/** Properties of the history under the name that they had before Debezium 2. */
const HISTORY_RENAMED: Readonly<Record<string, string>> = {
  'database.history': renamedTo(HISTORY),
  ...Object.fromEntries(
    [
      'kafka.topic',
      'kafka.bootstrap.servers',
      'kafka.recovery.poll.interval.ms',
      'kafka.recovery.attempts',
      'kafka.query.timeout.ms',
      'skip.unparseable.ddl',
      'ddl.filter',
      'store.only.captured.tables.ddl',
    ].map((name) => [`database.history.${name}`, renamedTo(`${HISTORY}.${name}`)]),
  ),
  'database.history.store.only.monitored.tables.ddl': renamedTo(
    `${HISTORY}.store.only.captured.tables.ddl`,
  ),
  'database.history.<property>': `it begins with ${HISTORY} today, not with database.history`,
};

/** Properties that this source does not act on, of today. */
export const MYSQL_UNUSED_OPTIONS: readonly Option[] = [
  ...UNUSED_SOURCE_OPTIONS,
  ...acceptedOptions({
    'plugin.name': NO_SLOT,
    'slot.name': NO_SLOT,
    'slot.drop.on.stop': NO_SLOT,
    'publication.name': NO_SLOT,
    'publication.autocreate.mode': NO_SLOT,
  }),
];

/**
 * Names that older releases of Debezium had and that still stand in files, and names of its other
 * connectors that were copied along: what would change the outcome is refused with today's name.
 */
export const MYSQL_RENAMED_OPTIONS: readonly Option[] = [
  ...RENAMED_SOURCE_OPTIONS,
  ...refusedOptions({
    ...HISTORY_RENAMED,
    'database.whitelist': renamedTo('database.include.list'),
    'database.blacklist': renamedTo('database.exclude.list'),
    'schema.include.list': `${DATABASES}database.include.list`,
    'schema.exclude.list': `${DATABASES}database.exclude.list`,
    'schema.whitelist': `${DATABASES}database.include.list`,
    'schema.blacklist': `${DATABASES}database.exclude.list`,
    'database.dbname': ALL_DATABASES,
    'database.names': ALL_DATABASES,
    'snapshot.minimal.locks': renamedTo('snapshot.locking.mode'),
    'gtid.new.channel.position': 'what a new source of GTIDs has is always read from its beginning',
    'snapshot.events.as.inserts': 'use the transform ReadToInsertEvent',
  }),
];
