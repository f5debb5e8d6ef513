import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { GtidSet } from '../../src/model/gtid-set.ts';
import { MariadbGtidPosition } from '../../src/model/mariadb-gtid.ts';
import type { ChangeReceiver, RowOperation } from '../../src/model/change-event.ts';
import type { SourceNotification } from '../../src/model/source-notification.ts';
import { besideStream } from '../../src/source/incremental/beside-stream.ts';
import type { KnownTables } from '../../src/source/incremental/known-tables.ts';
import type { SnapshotState } from '../../src/source/incremental/snapshot-state.ts';
import {
  decodeSnapshotState,
  encodeSnapshotState,
} from '../../src/source/incremental/snapshot-state.ts';
import type { SnapshotOptions } from '../../src/source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/snapshot/snapshot-options.ts';
import { readDefinition, readServerTables } from '../../src/source/mysql/capture/server-tables.ts';
import { MysqlIncrementalSnapshots } from '../../src/source/mysql/incremental/incremental-snapshots.ts';
import type { MysqlSnapshotMode } from '../../src/source/mysql/mysql-source-options.ts';
import type { BinlogOffset } from '../../src/source/mysql/stream/binlog-offset.ts';
import { BinlogPosition } from '../../src/source/mysql/stream/binlog-position.ts';
import { BinlogStream } from '../../src/source/mysql/stream/binlog-stream.ts';
import { BinlogTransactions } from '../../src/source/mysql/stream/binlog-transactions.ts';
import { HeldRows } from '../../src/source/mysql/stream/held-rows.ts';
import { MysqlTableSchemas } from '../../src/source/mysql/stream/mysql-table-schemas.ts';
import { WatchedStream } from '../../src/source/mysql/stream/watched-stream.ts';
import type { BinlogStart } from '../../src/source/mysql/wire/binlog-commands.ts';
import { BinlogWire } from '../../src/source/mysql/wire/binlog-wire.ts';
import type { MysqlServerFacts } from '../../src/source/mysql/wire/mysql-server-facts.ts';
import { readServerFacts } from '../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../src/source/mysql/wire/mysql-session.ts';
import { replicaIdentity } from '../../src/source/mysql/wire/replica-identity.ts';
import { binlogOffset, endPlace } from './binlog-offsets.ts';
import type { MysqlAddress } from './mysql-database.ts';
import type { ToldChange } from './mysql-replay.ts';
import { appliedTo, toldOf } from './mysql-replay.ts';
import { binlogEnd, connectionTo } from './mysql-source.ts';

/** What a test may choose. */
export interface BesideOptions {
  readonly snapshots?: Partial<SnapshotOptions>;
  readonly snapshotMode?: MysqlSnapshotMode;
  readonly skippedOperations?: readonly (RowOperation | 't')[];
  /** Goes by files although the server has GTIDs. */
  readonly byFile?: boolean;
  readonly knownTables?: KnownTables;
}

/**
 * A stream with snapshots beside it, and what stands in for the runtime: what was told becomes
 * durable together with the offset and the state of the snapshots, at every `settle`.
 */
export class BesideSource {
  /** Durable, over all runs. */
  readonly told: ToldChange[] = [];
  readonly notes: string[] = [];
  readonly notifications: SourceNotification[] = [];
  /** False: nothing becomes durable any more. */
  durable = true;
  /** Called for each row that is handed over. */
  onRow: () => void = () => undefined;
  initialCompleted = 0;
  offset: BinlogOffset;
  readonly #address: MysqlAddress;
  readonly #database: string;
  readonly #options: BesideOptions;
  #pending: ToldChange[] = [];
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #snapshots: MysqlIncrementalSnapshots | null = null;
  #failure: unknown;

  private constructor(
    address: MysqlAddress,
    database: string,
    options: BesideOptions,
    offset: BinlogOffset,
  ) {
    this.#address = address;
    this.#database = database;
    this.#options = options;
    this.offset = offset;
  }

  /** At the end of the binlog; the tables are as they are now. */
  static async start(
    address: MysqlAddress,
    database: string,
    options: BesideOptions = {},
    state: SnapshotState | null = null,
  ): Promise<BesideSource> {
    const { gtids, ...place } = endPlace(await binlogEnd(address));
    const offset = binlogOffset(
      { ...place, gtids: options.byFile === true || gtids === '' ? null : gtids },
      state === null ? {} : { snapshotState: encodeSnapshotState(state) },
    );
    const source = new BesideSource(address, database, options, offset);
    await source.resume();
    return source;
  }

  /** Goes on where the durable offset stands. */
  async resume(): Promise<void> {
    this.durable = true;
    this.#pending = [];
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    await using session = await this.#connect(signal);
    const facts = await readServerFacts(session, signal);
    const { stream, watched } = this.#compose(facts, await this.#catalog(session, facts));
    const name = randomBytes(6).toString('hex');
    const wire = await BinlogWire.connect(
      connectionTo(this.#address),
      {
        replica: replicaIdentity(name, undefined, { serverId: facts.serverId, replicas: null }),
        heartbeatMs: 500,
        netWriteTimeoutSeconds: 60,
        annotateRows: false,
        start: startOf(this.offset, facts.flavor),
      },
      signal,
    );
    const streaming = async (): Promise<void> => {
      try {
        await wire.stream(watched, signal);
      } finally {
        stream.halt();
        await wire[Symbol.asyncDispose]();
      }
    };
    const reading = (until: AbortSignal): Promise<void> =>
      this.#snapshots?.run(until) ?? Promise.resolve();
    this.#failure = undefined;
    this.#running = besideStream(streaming(), reading, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#failure = error;
    });
  }

  #connect(signal: AbortSignal): Promise<MysqlSession> {
    return MysqlSession.connect(connectionTo(this.#address), signal);
  }

  async #catalog(session: MysqlSession, facts: MysqlServerFacts): Promise<TableCatalog> {
    const catalog = new TableCatalog(0);
    for (const table of await readServerTables(session)) {
      if (table.database !== this.#database) continue;
      const definition = await readDefinition(session, facts, table);
      if (definition !== null) catalog.putTable(definition);
    }
    return catalog;
  }

  #compose(
    facts: MysqlServerFacts,
    catalog: TableCatalog,
  ): { readonly stream: BinlogStream; readonly watched: WatchedStream } {
    const shape = {
      wantsTable: (schema: string): boolean => schema === this.#database,
      wantsColumn: () => true,
      masks: [],
      messageKeys: [],
      modes: DEFAULT_MYSQL_VALUE_MODES,
    };
    const schemas = new MysqlTableSchemas(catalog, shape, facts);
    const position = new BinlogPosition(this.offset);
    const receiver = this.#receiver(position);
    const snapshots = this.#openSnapshots({ facts, catalog, schemas, position, receiver });
    const stream = new BinlogStream({
      receiver,
      position,
      catalog,
      transactions: new BinlogTransactions(position, facts),
      schemas,
      held: new HeldRows(1e7),
      skippedOperations: new Set(this.#options.skippedOperations),
      checksum: 'crc32',
      includeQuery: false,
      watches: snapshots,
      unreadable: (error) => {
        throw error;
      },
    });
    const watched = new WatchedStream(stream, snapshots, this.offset.done);
    snapshots.attach(watched);
    return { stream, watched };
  }

  #openSnapshots(ground: {
    readonly facts: MysqlServerFacts;
    readonly catalog: TableCatalog;
    readonly schemas: MysqlTableSchemas;
    readonly position: BinlogPosition;
    readonly receiver: ChangeReceiver;
  }): MysqlIncrementalSnapshots {
    const { position, facts, ...made } = ground;
    const { snapshots: chosen, skippedOperations = [], snapshotMode = 'initial' } = this.#options;
    const signalTable = `${this.#database}.signals`;
    const small = { chunkSize: 3, chunkRows: 3, signalTable };
    const options = {
      snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, ...small, ...chosen },
      snapshotMode,
      snapshotLockTimeoutMs: 45_000,
      skippedOperations,
    };
    return (this.#snapshots = new MysqlIncrementalSnapshots({
      ...made,
      options,
      position,
      server: facts,
      connect: (abort) => this.#connect(abort),
      state: decodeSnapshotState(this.offset.snapshotState ?? null),
      clock: systemClock,
      resumed: true,
      knownTables: this.#options.knownTables,
      offsetText: () => position.place,
      initialCompleted: () => {
        this.initialCompleted++;
        this.#flush(position);
        return Promise.resolve();
      },
      notify: (notification) => this.notifications.push(notification),
      note: (text) => this.notes.push(text),
      warn: (text) => this.notes.push(text),
    }));
  }

  /** A signal of another channel than the table. */
  signal(id: string, type: string, data: object = {}): void {
    this.#snapshots?.signal({ id, type, data: JSON.stringify(data) });
  }

  execute(tables: readonly string[], more: object = {}, id = 's1'): void {
    const collections = tables.map((table) => `${this.#database}.${table}`);
    this.signal(id, 'execute-snapshot', { 'data-collections': collections, ...more });
  }

  get state(): SnapshotState {
    return decodeSnapshotState(this.#snapshots?.stateText ?? null);
  }

  /** Until nothing is under way, durably. */
  async untilRead(): Promise<void> {
    await this.until(() => {
      const isOver = (this.#snapshots?.stateText ?? null) === null;
      return isOver && (this.offset.snapshotState ?? null) === null;
    });
  }

  async until(check: () => boolean): Promise<void> {
    await vi.waitUntil(
      () => {
        if (this.#failure !== undefined) throw this.#failure;
        return check();
      },
      { timeout: 45_000, interval: 10 },
    );
  }

  /** What is not durable is forgotten. */
  async stop(): Promise<void> {
    this.durable = false;
    this.#stop.abort();
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  reads(table: string): readonly string[] {
    return this.told.filter((each) => each.op === 'r' && each.table === table).map((r) => r.key);
  }

  /** The table as a target has it after these changes in their order. */
  applied(table: string): readonly string[] {
    return appliedTo(this.told, table);
  }

  #receiver(position: BinlogPosition): ChangeReceiver {
    const receiver: Partial<ChangeReceiver> = {
      schemaChanged: () => undefined,
      statement: () => undefined,
      row: (change) => {
        this.onRow();
        this.#pending.push(toldOf(change));
      },
      truncate: ({ table }) => {
        const none = { key: '', oldKey: null, after: null, snapshot: 'false' } as const;
        this.#pending.push({ op: 't', table: table.id.table, ...none });
      },
      committed: () => undefined,
      settle: () => {
        if (this.durable) this.#flush(position);
        return undefined;
      },
    };
    return receiver as ChangeReceiver;
  }

  #flush(position: BinlogPosition): void {
    this.told.push(...this.#pending.splice(0));
    this.offset = { ...position.offset(), snapshotState: this.#snapshots?.stateText ?? null };
  }
}

function startOf({ done, held }: BinlogOffset, flavor: 'mysql' | 'mariadb'): BinlogStart {
  const { file, pos, gtids } = held ?? done;
  if (gtids === null) return { kind: 'file', file, position: pos };
  return flavor === 'mysql'
    ? { kind: 'gtid', executed: GtidSet.parse(gtids) }
    : { kind: 'mariadb-gtid', position: MariadbGtidPosition.parse(gtids) };
}
