import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';

const now = (name: string): string => `its name is ${name} today`;
const NO_HISTORY = 'shapes of tables come with the stream';

/**
 * Names that older releases of Debezium had and that still stand in files, and names of its other
 * connectors that were copied along. Its newer releases pass over them in silence, which turns a
 * list of tables into all tables: what would change the outcome is refused with today's name.
 */
export const POSTGRES_RENAMED_OPTIONS: readonly Option[] = [
  ...refusedOptions({
    'schema.whitelist': now('schema.include.list'),
    'schema.blacklist': now('schema.exclude.list'),
    'table.whitelist': now('table.include.list'),
    'table.blacklist': now('table.exclude.list'),
    'column.whitelist': now('column.include.list'),
    'column.blacklist': now('column.exclude.list'),
    'message.prefix.whitelist': now('message.prefix.include.list'),
    'message.prefix.blacklist': now('message.prefix.exclude.list'),
    'database.whitelist': 'a source reads one database: database.dbname',
    'database.blacklist': 'a source reads one database: database.dbname',
    'database.include.list': 'a source reads one database: database.dbname',
    'database.exclude.list': 'a source reads one database: database.dbname',
    'database.names': 'a source reads one database: database.dbname',
    'database.sslcompression': 'TLS has no compression any more',
    'slot.drop_on_stop': now('slot.drop.on.stop'),
    'toasted.value.placeholder': now('unavailable.value.placeholder'),
    'transaction.topic': now('topic.transaction'),
    'sanitize.field.names': 'field.name.adjustment.mode took its place; true is avro',
    'schema.name.adjustment': now('schema.name.adjustment.mode'),
    'truncate.handling.mode': 'skipped.operations took its place; without t truncates are told',
    'rows.fetch.size': now('snapshot.fetch.size'),
    'snapshot.custom.class': now('snapshot.mode.custom.name'),
    'snapshot.custom_class': now('snapshot.mode.custom.name'),
    'topic.selection.strategy': now('topic.naming.strategy'),
    'slot.seek.to.known.offset.on.start': now('offset.mismatch.strategy'),
    'source.struct.version': 'there is one form of the source block, that of Debezium 3',
    'event.deserialization.failure.handling.mode': now('event.processing.failure.handling.mode'),
  }),
  ...acceptedOptions({
    'snapshot.new.tables': 'tables that come to the list are read beside the stream',
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
