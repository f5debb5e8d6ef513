import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import { RENAMED_SOURCE_OPTIONS, renamedTo } from './source-unused-options.ts';

const NO_HISTORY = 'shapes of tables come with the stream';

/**
 * Names that older releases of Debezium had and that still stand in files, and names of its other
 * connectors that were copied along. Its newer releases pass over them in silence, which turns a
 * list of tables into all tables: what would change the outcome is refused with today's name.
 */
export const POSTGRES_RENAMED_OPTIONS: readonly Option[] = [
  ...RENAMED_SOURCE_OPTIONS,
  ...refusedOptions({
    'schema.whitelist': renamedTo('schema.include.list'),
    'schema.blacklist': renamedTo('schema.exclude.list'),
    'message.prefix.whitelist': renamedTo('message.prefix.include.list'),
    'message.prefix.blacklist': renamedTo('message.prefix.exclude.list'),
    'database.whitelist': 'a source reads one database: database.dbname',
    'database.blacklist': 'a source reads one database: database.dbname',
    'database.include.list': 'a source reads one database: database.dbname',
    'database.exclude.list': 'a source reads one database: database.dbname',
    'database.names': 'a source reads one database: database.dbname',
    'database.sslcompression': 'TLS has no compression any more',
    'slot.drop_on_stop': renamedTo('slot.drop.on.stop'),
    'toasted.value.placeholder': renamedTo('unavailable.value.placeholder'),
    'slot.seek.to.known.offset.on.start': renamedTo('offset.mismatch.strategy'),
    'event.deserialization.failure.handling.mode': renamedTo(
      'event.processing.failure.handling.mode',
    ),
  }),
  ...acceptedOptions({
    'include.schema.changes': 'PostgreSQL sources have no topic of schema changes',
    'database.history': NO_HISTORY,
    'database.history.<property>': NO_HISTORY,
    'schema.history.internal': NO_HISTORY,
    'schema.history.internal.<property>': NO_HISTORY,
    'inconsistent.schema.handling.mode': NO_HISTORY,
    'database.server.id': 'a slot needs no number of a replica',
    'ddl.parser.type': 'DDL is not parsed',
  }),
];
