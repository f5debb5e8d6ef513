import type { SlotInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import {
  parseSlot,
  SLOT_BLOCKERS_QUERY,
  slotQuery,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import {
  quoteIdentifier,
  quoteLiteral,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import { flag, number, text } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { parseLsn } from '../../../model/lsn.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { ServerIdentity } from '../snapshot/snapshot-request.ts';

/** A slot that takes longer is worth a note: who is in the way. */
const NOTE_AFTER_MS = 2000;
const POLL_MS = 50;
/** A terminated backend gives up its slot within moments. */
const RELEASE_DEADLINE_MS = 10_000;

/** The slot to be made. */
export interface SlotWish {
  readonly name: string;
  /** server_version_num */
  readonly version: number;
  readonly exportSnapshot: boolean;
  /** Gone with its connection, for a snapshot that nothing follows. */
  readonly temporary: boolean;
  readonly failover: boolean;
  readonly twoPhase?: boolean;
  readonly timeoutMs: number;
}

/** A new slot, and the way to read as of its beginning. */
export interface CreatedSlot {
  readonly consistentPoint: Lsn;
  /** For SET TRANSACTION SNAPSHOT; empty when none was exported. */
  readonly snapshotName: string;
}

/** System identifier and timeline; the connection must be a replication one. */
export async function identifySystem(
  replication: Querier,
  signal?: AbortSignal,
): Promise<ServerIdentity> {
  const row = (await catalogRows(replication, 'IDENTIFY_SYSTEM', signal))[0] ?? {};
  return { systemIdentifier: text(row, 'systemid'), timeline: number(row, 'timeline') };
}

/** The slot as it is now; null when there is none. */
export async function readSlot(
  querier: Querier,
  name: string,
  signal?: AbortSignal,
): Promise<SlotInfo | null> {
  return parseSlot(await catalogRows(querier, slotQuery(name), signal));
}

/** The replication command, in the grammar of the server's version. */
export function createSlotCommand(wish: SlotWish): string {
  const kind = wish.temporary ? ' TEMPORARY' : '';
  const head = `CREATE_REPLICATION_SLOT ${quoteIdentifier(wish.name)}${kind} LOGICAL pgoutput`;
  if (wish.version < 150_000) {
    return `${head} ${wish.exportSnapshot ? 'EXPORT_SNAPSHOT' : 'NOEXPORT_SNAPSHOT'}`;
  }
  const options = [`SNAPSHOT ${wish.exportSnapshot ? "'export'" : "'nothing'"}`];
  if (wish.failover && !wish.temporary && wish.version >= 170_000) options.push('FAILOVER true');
  if (wish.twoPhase === true && !wish.temporary) options.push('TWO_PHASE true');
  return `${head} (${options.join(', ')})`;
}

/**
 * Creates the slot. The exported snapshot lives until the next command on `replication` or its end
 * (PITFALLS P60): keep that connection idle until every reader has adopted it. Creation waits for
 * all transactions that were open when it began (P63): after a while `note` says which, and past
 * the limit it is given up and the half-made slot is gone when this returns.
 */
export async function createSlot(
  connections: { readonly replication: Querier; readonly control: Querier },
  wish: SlotWish,
  environment: { clock: Clock; signal: AbortSignal; note(text: string): void },
): Promise<CreatedSlot> {
  const { replication, control } = connections;
  const { clock, signal } = environment;
  const pidRow = (await catalogRows(replication, 'SELECT pg_backend_pid() AS pid', signal))[0];
  const creation = catalogRows(replication, createSlotCommand(wish), signal);
  const finished = new AbortController();
  const settled = creation.then(
    () => true,
    () => true,
  );
  const waiting = AbortSignal.any([signal, finished.signal]);
  const within = async (ms: number): Promise<boolean> =>
    await Promise.race([settled, clock.sleep(ms, waiting).then(() => false)]);
  try {
    const noteAfterMs = Math.min(NOTE_AFTER_MS, wish.timeoutMs);
    if (!(await within(noteAfterMs)) && !signal.aborted) {
      environment.note(`the slot ${wish.name} waits for ${(await slotBlockers(control)).who}`);
      if (!(await within(wish.timeoutMs - noteAfterMs)) && !signal.aborted) {
        const error = await blockedError(control, wish);
        await giveUp(control, number(pidRow ?? {}, 'pid'), wish.name, environment);
        throw error;
      }
    }
    const row = (await creation)[0] ?? {};
    return {
      consistentPoint: parseLsn(text(row, 'consistent_point')),
      snapshotName: row['snapshot_name'] ?? '',
    };
  } catch (thrown) {
    if (signal.aborted) await giveUp(control, number(pidRow ?? {}, 'pid'), wish.name, environment);
    throw withSlotCure(toTidemarkError(thrown), wish.name);
  } finally {
    finished.abort();
  }
}

interface Blockers {
  readonly who: string;
  readonly cure: string | null;
}

/** A standby knows no transactions: it goes on at the next record that lists them (P109). */
const STANDBY_BLOCKERS: Blockers = {
  who:
    'the list of open transactions that its primary writes; ' +
    'on the primary: SELECT pg_log_standby_snapshot();',
  cure: 'On the primary: SELECT pg_log_standby_snapshot(); and end transactions that stay open.',
};

async function slotBlockers(control: Querier): Promise<Blockers> {
  const [state] = await catalogRows(control, 'SELECT pg_is_in_recovery() AS standby');
  if (flag(state ?? {}, 'standby')) return STANDBY_BLOCKERS;
  const rows = await catalogRows(control, SLOT_BLOCKERS_QUERY);
  if (rows.length === 0) return { who: 'transactions that this role may not see', cure: null };
  const names = rows.map((row) => text(row, 'blocker')).join('; ');
  const cures = rows.map((row) => text(row, 'cure')).join(' ');
  return { who: `open transactions: ${names}`, cure: `End them, or run: ${cures}` };
}

async function blockedError(control: Querier, wish: SlotWish): Promise<TidemarkError> {
  const { who, cure } = await slotBlockers(control);
  return new TidemarkError(
    'PG_SLOT_BLOCKED',
    `the slot ${wish.name} could not be created within ${wish.timeoutMs} ms: it waits for ${who}`,
    cure === null ? {} : { cure },
  );
}

/** A waiting walsender does not notice that its client left: its backend has to be ended. */
async function giveUp(
  control: Querier,
  pid: number,
  name: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  await control.query(`SELECT pg_terminate_backend(${pid})`);
  const deadlineMs = clock.monotonicMs() + RELEASE_DEADLINE_MS;
  while ((await readSlot(control, name)) !== null && clock.monotonicMs() < deadlineMs) {
    await clock.sleep(POLL_MS, signal);
    if (signal.aborted) return;
  }
}

function withSlotCure(error: TidemarkError, name: string): TidemarkError {
  if (!error.message.includes('already exists')) return error;
  return foreignSlot(name, error);
}

/** A slot that somebody else made is to be taken over as it stands, and never dropped. */
export function takesSlotOver({
  snapshotMode,
  offsetMismatchStrategy,
}: Pick<PostgresSourceOptions, 'snapshotMode' | 'offsetMismatchStrategy'>): boolean {
  return snapshotMode === 'no_data' && offsetMismatchStrategy === 'trust_slot';
}

/**
 * Why a slot cannot be taken over with a publication that has still to be made: what the slot holds
 * was written before it, and from version 18 on the server leaves that out without a word.
 */
export function unpublishedTakeover(slotName: string, publicationName: string): TidemarkError {
  return new TidemarkError(
    'PG_PUBLICATION',
    `the slot ${slotName} is to be taken over, and the publication ${publicationName} does not ` +
      'exist: changes from before it is made would be left out',
    {
      cure:
        'Set publication.name to the publication that the slot was read with (of Debezium: ' +
        'dbz_publication): SELECT pubname FROM pg_publication;',
    },
  );
}

/** A slot that stands where ours should be made, and that no offset of ours knows. */
export function foreignSlot(name: string, cause?: unknown): TidemarkError {
  return new TidemarkError(
    'PG_SLOT_MISMATCH',
    `the replication slot ${name} exists already, and this pipeline has no offset for it`,
    {
      cure:
        'If nothing else needs it, drop it: ' +
        `SELECT pg_drop_replication_slot(${quoteLiteral(name)}); or choose another slot.name. To ` +
        'take it over from somebody who has stopped, Debezium say, and go on where it stands ' +
        'without reading tables: snapshot.mode: no_data and offset.mismatch.strategy: ' +
        'trust_slot, for the first start, and the publication that belongs to it.',
      cause,
    },
  );
}

/**
 * Drops a slot that is known to be ours. One that is still being read (the walsender of a killed
 * process lingers) is waited for.
 */
export async function dropSlot(
  control: Querier,
  name: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + RELEASE_DEADLINE_MS;
  for (;;) {
    const slot = await readSlot(control, name, signal);
    if (slot === null) return;
    if (slot.activePid === null) {
      await control.query(`SELECT pg_drop_replication_slot(${quoteLiteral(name)})`, signal);
      return;
    }
    if (clock.monotonicMs() > deadlineMs) throw slotInUse(slot);
    await clock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
  }
}

/** The error that names the other reader. */
export function slotInUse(slot: SlotInfo): TidemarkError {
  const pid = slot.activePid ?? 0;
  return new TidemarkError(
    'PG_SLOT_IN_USE',
    `the replication slot ${slot.name} is being read by the backend with pid ${pid}`,
    {
      cure:
        'Stop the other reader, or choose another slot.name; to cut it off: ' +
        `SELECT pg_terminate_backend(${pid});`,
    },
  );
}

/** Why this slot cannot be streamed from, whoever made it; null = it can. */
export function slotProblem(slot: SlotInfo, database: string): TidemarkError | null {
  const { name } = slot;
  const drop = `SELECT pg_drop_replication_slot(${quoteLiteral(name)});`;
  const other = `Choose another slot.name, or drop it: ${drop}`;
  if (slot.slotType !== 'logical' || slot.plugin !== 'pgoutput') {
    const what = slot.slotType === 'logical' ? `of the plugin ${slot.plugin}` : 'a physical one';
    return new TidemarkError('PG_SLOT_MISMATCH', `the slot ${name} is ${what}, not of pgoutput`, {
      cure: other,
    });
  }
  if (slot.database !== database) {
    return new TidemarkError(
      'PG_SLOT_MISMATCH',
      `the slot ${name} belongs to the database ${slot.database}, not to ${database}`,
      { cure: other },
    );
  }
  const reason = slot.invalidationReason;
  if (slot.walStatus === 'lost' || reason !== null) {
    const why = reason === null ? 'its WAL was removed' : reason;
    return new TidemarkError('PG_SLOT_LOST', `the slot ${name} is lost: ${why}`, {
      cure: `The changes since then are gone. Drop it and snapshot anew: ${drop}`,
    });
  }
  if (slot.synced === true) {
    return new TidemarkError(
      'PG_SLOT_SYNCED',
      `the slot ${name} of this standby is a copy that the server keeps for a failover`,
    );
  }
  return slot.activePid === null ? null : slotInUse(slot);
}
