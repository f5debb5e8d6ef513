import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import type { HoldView } from '../../src/runtime/gate-views.ts';
import { runProgram } from './cli-process.ts';
import { Daemon } from './daemon.ts';
import { eventually } from './eventually.ts';
import { expectEachOnce, HeldLoad, LOADED } from './held-load.ts';
import type { HeldPipeline } from './held-pipeline.ts';
import {
  answerHold,
  difference,
  holdViews,
  LOADED_TOPICS,
  rowsOf,
  untilTargetEquals,
} from './held-pipeline.ts';
import { type LedgerClient, randomFrom } from './ledger-load.ts';
import { readStoredRecords } from './ledger-log.ts';
import { expectRisingPositions } from './position-oracle.ts';

type Answer = 'approve' | 'reject';

/** Breaking changes of `items`, and the way back; by family where they differ. */
const CHANGES = {
  dropped: {
    there: () => 'ALTER TABLE items DROP COLUMN w',
    back: () => 'ALTER TABLE items ADD COLUMN w varchar(20)',
  },
  retyped: {
    there: (isPostgres: boolean) => typeOfV(isPostgres, 'varchar(20)'),
    back: (isPostgres: boolean) => typeOfV(isPostgres, 'int'),
  },
  rekeyed: {
    there: (isPostgres: boolean) => keyOf(isPostgres, 'id, part'),
    back: (isPostgres: boolean) => keyOf(isPostgres, 'id'),
  },
} as const;
export type HeldChange = keyof typeof CHANGES;

function typeOfV(isPostgres: boolean, type: string): string {
  return isPostgres
    ? `ALTER TABLE items ALTER v TYPE ${type} USING v::${type}`
    : `ALTER TABLE items MODIFY v ${type}`;
}

function keyOf(isPostgres: boolean, columns: string): string {
  const old = isPostgres ? 'CONSTRAINT items_pkey' : 'PRIMARY KEY';
  return `ALTER TABLE items DROP ${old}, ADD PRIMARY KEY (${columns})`;
}

/** What may be said without anything to be done in the target. */
const ANSWERED = [
  ['dropped', 'approve'],
  ['dropped', 'reject'],
  ['retyped', 'reject'],
] as const;

/** Of whatever type the column is. */
async function newest(client: LedgerClient): Promise<number> {
  const sql = 'SELECT max(CAST(v AS decimal(20))) AS m FROM items';
  const { rows } = await client.query<{ m: unknown }>(sql);
  return Number(rows[0]?.m);
}

const POLICIES = [
  {
    tables: '.*[.]items',
    classes: 'column_dropped, column_retyped, column_widened, column_narrowed, key_changed',
    policy: 'hold',
  },
  { tables: '.*[.]orders', policy: 'lenient' },
];

type Section = Readonly<Record<string, unknown>>;

/** What `items` waits before, and its rows of that moment. */
export interface Held {
  readonly id: string;
  readonly before: string;
}

/** A daemon that dies again and again, under load, while somebody decides about changes. */
export class HeldPlay implements AsyncDisposable {
  readonly pipeline: HeldPipeline;
  readonly load: HeldLoad;
  /** How long a row of another table took at most while `items` waited. */
  slowestMs = 0;
  kills = 0;
  daemon: Daemon;
  readonly #random: () => number;
  /** Of the section `schema`, beside the policies. */
  readonly #more: Section;
  #marks = 0;

  private constructor(pipeline: HeldPipeline, load: HeldLoad, seed: number, more: Section) {
    this.pipeline = pipeline;
    this.#more = more;
    this.load = load;
    this.#random = randomFrom(seed);
    this.daemon = Daemon.start(pipeline);
  }

  static async begin(pipeline: HeldPipeline, seed: number, more: Section = {}): Promise<HeldPlay> {
    await pipeline.govern({ 'change.policies': POLICIES, ...more });
    const load = await HeldLoad.open(() => pipeline.connect(), seed);
    const play = new HeldPlay(pipeline, load, seed, more);
    await play.#streams();
    load.start();
    await play.flows();
    return play;
  }

  /** Killed at each point of a gate and between them, then approved; DDL comes meanwhile. */
  async approvedOverKills(): Promise<void> {
    const { pipeline } = this;
    let before = '';
    await this.diesAt(['gate.hold-stored'], async () => {
      before = await this.change('dropped');
    });
    const held = { id: await this.held(), before };
    await this.waits(held);
    await pipeline.change('ALTER TABLE items ADD COLUMN x int');
    await this.kill();
    await this.waits(held);
    await this.diesAt(['gate.releasing', 'gate.released'], () => this.answer(held.id, 'approve'));
    await this.untilOpen();
    await this.undo('dropped');
  }

  /** It goes on in its old shape until that is its own again. */
  async rejectedAndUndone(change: HeldChange): Promise<void> {
    const held = await this.hold(change);
    await this.waits(held);
    await this.answer(held.id, 'reject');
    await this.kill();
    await this.untilOldShape();
    await this.flows();
    await this.undo(change);
    await this.untilOwnShape();
  }

  /** Whoever approves another key gives it to the target before. */
  async rekeyed(): Promise<void> {
    const held = await this.hold('rekeyed');
    await this.waits(held);
    await this.pipeline.warehouse.query(keyOf(this.pipeline.isPostgres, 'id, part'));
    await this.answer(held.id, 'approve');
    await this.kill();
    await this.untilOpen();
  }

  /** Nobody answers: a deadline does, or what may wait at most. */
  async unanswered(): Promise<void> {
    await this.governed({ 'hold.deadline': '1s', 'hold.deadline.action': 'approve' });
    await this.change('dropped');
    await this.untilSaid('approve by the deadline');
    await this.untilOpen();
    await this.undo('dropped');
    await this.governed({ 'hold.max.bytes': 2048, 'hold.deadline.action': 'reject' });
    await this.change('dropped');
    await this.untilSaid('reject by the deadline');
    await this.undo('dropped');
    await this.untilOwnShape();
    await this.governed({ 'hold.deadline': '1s' });
    await this.change('dropped');
    const { code } = await this.daemon.ended;
    const isExpired = code === 1 && this.daemon.output.includes('SCHEMA_HOLD_EXPIRED');
    this.insist(isExpired, 'the pipeline stops at the deadline');
    const { file } = this.pipeline;
    const listed = await runProgram(['schema', 'held', file, '--json']);
    const [view] = JSON.parse(listed.stdout) as readonly HoldView[];
    const approved = await runProgram(['schema', 'approve', file, view?.id ?? '-']);
    this.insist(approved.code === 0, `approved without a daemon: ${approved.stderr}`);
    await this.#start();
    await this.untilOpen();
    await this.undo('dropped');
    await this.governed({});
  }

  /** One change that waits, with kills wherever they fall. */
  async anyRound(): Promise<void> {
    const [change, answer] = this.#oneOf(ANSWERED);
    const held = await this.hold(change);
    if (this.#random() < 0.5) await this.kill();
    await this.waits(held);
    await this.answer(held.id, answer);
    for (let left = this.#oneOf([0, 1, 2]); left > 0; left--) await this.kill(800);
    if (answer === 'reject') await this.untilOldShape();
    else await this.untilOpen();
    await this.undo(change);
    if (this.#random() < 0.5) await this.kill();
    await this.untilOwnShape();
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }

  /** The table waits before a change, at exactly its place, while the others go on. */
  async hold(change: HeldChange): Promise<Held> {
    const before = await this.change(change);
    return { id: await this.held(), before };
  }

  /** Returns the rows of right before. */
  async change(change: HeldChange): Promise<string> {
    return this.pipeline.change(CHANGES[change].there(this.pipeline.isPostgres));
  }

  /** The id of what `items` waits before. */
  async held(): Promise<string> {
    return eventually(async () => {
      const view = (await holdViews(this.pipeline)).find(({ state }) => state === 'held');
      this.insist(view !== undefined, 'a table is held');
      return view?.id ?? '';
    });
  }

  async waits({ id, before }: Held): Promise<void> {
    const { warehouse } = this.pipeline;
    await eventually(async () => {
      const found = difference(await rowsOf(warehouse, 'items'), before);
      this.insist(found === '', `the target is as before: it ${found}`);
    });
    await this.flows();
    this.insist((await this.held()) === id, `${id} is held`);
    this.insist((await rowsOf(warehouse, 'items')) === before, 'the target is as before');
  }

  /** A row of a table that nobody holds comes to the target. */
  async flows(): Promise<void> {
    const { source, warehouse } = this.pipeline;
    const begunMs = performance.now();
    const mark = ++this.#marks;
    await source.query('INSERT INTO marks VALUES ($1)', [mark]);
    await eventually(async () => {
      const sql = 'SELECT count(*) AS c FROM marks WHERE n = $1';
      const { rows } = await warehouse.query<{ c: unknown }>(sql, [mark]);
      this.insist(Number(rows[0]?.c) === 1, `mark ${mark} is in the target`);
    });
    this.slowestMs = Math.max(this.slowestMs, performance.now() - begunMs);
  }

  /** Ends also when the daemon does: it may have died of the answer. */
  async answer(what: string, answer: Answer): Promise<void> {
    let isDead = false;
    void this.daemon.ended.then(() => {
      isDead = true;
    });
    await eventually(async () => {
      if (isDead) return;
      const status = await answerHold(this.pipeline, what, answer);
      this.insist(status === 200, `${answer} ${what}, answered with ${status}`);
    });
  }

  /** Nothing waits, and all have their own shape. */
  async untilOpen(): Promise<void> {
    await eventually(async () => {
      const views = await holdViews(this.pipeline);
      this.insist(views.length === 0, `nothing waits: ${JSON.stringify(views)}`);
    });
  }

  /** What came together with a rejected change was left out as well. */
  async untilOwnShape(): Promise<void> {
    await eventually(async () => {
      const [view] = await holdViews(this.pipeline);
      if (view?.state === 'old shape') await answerHold(this.pipeline, view.table, 'approve');
      this.insist(view === undefined, `its own shape: ${JSON.stringify(view)}`);
    });
  }

  /** With hold.deadline.action and what makes it follow; the daemon that runs knows that. */
  async governed(more: Section): Promise<void> {
    await this.pipeline.govern({ 'change.policies': POLICIES, ...this.#more, ...more });
    await this.restart('SIGTERM');
  }

  async untilOldShape(): Promise<void> {
    await eventually(async () => {
      const views = await holdViews(this.pipeline);
      const isOld = views.length === 1 && views[0]?.state === 'old shape';
      this.insist(isOld, `an old shape: ${JSON.stringify(views)}`);
    });
  }

  /** The change of before is undone; who holds such a change is asked about that, too. */
  async undo(change: HeldChange): Promise<void> {
    await this.back(change);
    if (change !== 'dropped') await this.answer(await this.held(), 'approve');
    await this.untilNewer();
  }

  async back(change: HeldChange): Promise<void> {
    await this.pipeline.change(CHANGES[change].back(this.pipeline.isPostgres));
  }

  /** Rows of `items` come that nobody had written before. */
  async untilNewer(): Promise<void> {
    // Two changes without a row between them would be one, or none.
    const { source, warehouse } = this.pipeline;
    const before = await newest(source);
    await eventually(async () => {
      this.insist((await newest(warehouse)) > before, 'rows of behind the change have come');
    });
  }

  async untilSaid(text: string): Promise<void> {
    await eventually(() => this.insist(this.daemon.output.includes(text), `it says ${text}`));
  }

  /** At once, or some time later. */
  async kill(withinMs = 400): Promise<void> {
    const untilMs = performance.now() + this.#random() * withinMs;
    await this.daemon.until(() => performance.now() >= untilMs);
    await this.restart('SIGKILL');
  }

  async restart(signal: NodeJS.Signals, faultPoint?: FaultPoint): Promise<void> {
    this.daemon.kill(signal);
    await this.daemon.ended;
    if (signal === 'SIGKILL') this.kills++;
    await this.#start(faultPoint);
  }

  /** It kills itself at each of these points, of which the first follows on what `act` does. */
  async diesAt(points: readonly FaultPoint[], act: () => Promise<unknown>): Promise<void> {
    await this.restart('SIGKILL', points[0]);
    for (const [i, point] of points.entries()) {
      // It may die before it answers.
      const { ended } = this.daemon;
      if (i === 0) await Promise.race([act(), ended]);
      this.insist((await ended).signal === 'SIGKILL', `it dies at ${point}`);
      this.kills++;
      await this.#start(points[i + 1]);
    }
  }

  async #start(faultPoint?: FaultPoint): Promise<void> {
    const point = faultPoint === undefined ? {} : { faultPoint };
    this.daemon = Daemon.start({ ...this.pipeline, ...point });
    if (faultPoint === undefined) await this.#streams();
  }

  async #streams(): Promise<void> {
    await this.daemon.until(({ source }) => source.phase === 'streaming');
  }

  /** The writers rest; target = source, and the log has each change once. Returns how many. */
  async ends(): Promise<number> {
    await this.rests();
    const records = await readStoredRecords(this.pipeline.storePath, LOADED_TOPICS);
    expectEachOnce(records, this.load.expected());
    for (const table of LOADED) {
      expectRisingPositions(records.filter(({ topic }) => topic.endsWith(`.${table}`)));
    }
    return records.length;
  }

  /** The writers and then the daemon rest; target = source. */
  async rests(): Promise<void> {
    await this.load.stop();
    await untilTargetEquals(this.pipeline, this.daemon);
    this.insist((await this.daemon.stop()) === 0, 'it stops');
  }

  insist(holds: boolean, what: string): void {
    if (!holds) throw new Error(`not so: ${what}\n${this.daemon.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.stop().catch(() => undefined);
    await this.daemon[Symbol.asyncDispose]();
  }
}
