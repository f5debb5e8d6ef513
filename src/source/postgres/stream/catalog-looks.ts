import type { Clock } from '../../../foundation/clock.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import type { SchemaChange } from '../../../model/change-event.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import type { RewriteWatchParts } from '../incremental/rewrite-watch.ts';
import { RewriteWatch } from '../incremental/rewrite-watch.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { untilVisible } from './commit-visibility.ts';
import type { ToldDdl } from './ddl-messages.ts';
import { DdlMessages } from './ddl-messages.ts';
import { PublicationWatch } from './publication-watch.ts';
import type { RelationCache } from './relation-cache.ts';
import type { RewriteLook, TableShapeWatch } from './table-shape-watch.ts';
import { shapeWatchOf } from './table-shape-watch.ts';

/** What knows the publication. */
type PublicationLook = Pick<PublicationWatch, 'look' | 'isKnown' | 'sendsGenerated'>;

/** What tells changes of shape. */
type ShapeLooks = Pick<TableShapeWatch, 'look' | 'hasTold' | 'lookFor' | 'told'>;

/** The catalog as of now, asked from the place of the stream. */
export interface AskedCatalog {
  readonly querier: Querier;
  readonly clock: Clock;
  /** Ends waits. */
  readonly signal: AbortSignal;
}

/** How long the stream may take to tell what a look has found: the look tells it then. */
const STREAM_MS = 500;
/** The same for what was done while nobody read: of that nobody expects to hear at once. */
const START_MS = 10_000;

/** How far the stream is. */
export interface StreamPlace {
  /** Resolves when it has come to what is the end of the log now, or after that time. */
  reaches(querier: Querier, withinMs: number, signal: AbortSignal): Promise<void>;
}

/** Makes what tells changes of shape; null: nobody wants to know. */
export type OpenShapeWatch = (
  rewrites: RewriteLook,
  publication: Pick<PublicationWatch, 'sendsGenerated'>,
) => ShapeLooks | null;

/**
 * Looks at the catalog for what the stream does not tell, or too late: once a second, and when a
 * table comes in another shape.
 *
 * Invariant: one look after the other. Two that overlap would each compare what they read with what
 * the other one has told by now, and tell a change back and forth.
 */
export class CatalogLooks {
  readonly #publication: PublicationLook;
  readonly #rewrites: RewriteWatch;
  readonly #shapes: ShapeLooks | null;
  readonly #ddl = new DdlMessages();
  /** What was done before the start has not been told yet. */
  #isBehind = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    parts: Omit<RewriteWatchParts, 'sendsGenerated'>,
    publication: PublicationLook,
    openShapes: OpenShapeWatch,
  ) {
    this.#publication = publication;
    const sendsGenerated = (): boolean => publication.sendsGenerated;
    this.#rewrites = new RewriteWatch({ ...parts, sendsGenerated });
    this.#shapes = openShapes(this.#rewrites, publication);
  }

  /** Takes what an event trigger says of DDL. */
  get ddl(): DdlMessages {
    return this.#ddl;
  }

  /** Before the stream: what is told of a table's first change is told against this. */
  async begin(relations: Pick<RelationCache, 'announce'>, catalog: AskedCatalog): Promise<void> {
    const problem = await this.#looked(catalog.querier);
    if (typeof problem !== 'boolean') throw problem;
    relations.announce((change, id) => this.tellFirst(change, id, catalog));
    this.#ddl.tellBy((ddl) => this.#tellDdl(ddl, catalog));
  }

  /**
   * Returns why the stream cannot go on. The publication first: what it does not send any more is
   * worse than rows that are others. Shapes are told in any case: what became of a table may be why
   * the publication is not what it was.
   */
  async look(
    querier: Querier,
    stream: StreamPlace,
    signal: AbortSignal,
  ): Promise<TidemarkError | null> {
    const found = await this.#looked(querier);
    if (typeof found !== 'boolean') return found;
    if (!found) {
      this.#isBehind = false;
      return null;
    }
    await stream.reaches(querier, this.#isBehind ? START_MS : STREAM_MS, signal);
    this.#isBehind = false;
    await this.#ddl.settle();
    // What the stream has told meanwhile differs no more.
    await this.#inTurn(() => this.#shapes?.lookFor(null, querier) ?? Promise.resolve());
    return null;
  }

  /** True: something is left to the stream, which is to tell it. */
  async #looked(querier: Querier): Promise<TidemarkError | boolean> {
    const problem = await this.#publication.look(querier);
    let isLeft = false;
    await this.#inTurn(async () => {
      if (problem === null) await this.#rewrites.look(querier);
      isLeft = (await this.#shapes?.look(querier)) === true;
    });
    return problem ?? isLeft;
  }

  /** DDL at the place of the stream; the catalog shows what it did before it is told. */
  async #tellDdl(ddl: ToldDdl, { querier, clock, signal }: AskedCatalog): Promise<void> {
    const shapes = this.#shapes;
    if (shapes === null) return;
    await untilVisible(querier, new Set([ddl.transactionId]), clock, signal);
    await this.#inTurn(() => shapes.told(ddl, querier));
  }

  /**
   * Resolves when whoever is to be told of the change was told, durably: only then records may get
   * their new schema. Asks nothing where that is so already. The transaction that brought the
   * change may have altered the table itself, and is waited for: the stream can be ahead of what
   * the catalog shows.
   */
  async tellFirst(
    change: SchemaChange,
    transactionId: number | null,
    { querier, clock, signal }: AskedCatalog,
  ): Promise<void> {
    // What the transaction has said of its DDL so far comes first.
    await this.#ddl.settle();
    const shapes = this.#shapes;
    if (shapes === null || shapes.hasTold(change)) return;
    const awaited = new Set(transactionId === null ? [] : [transactionId]);
    await untilVisible(querier, awaited, clock, signal);
    await this.#inTurn(async () => {
      if (shapes.hasTold(change)) return;
      // Shapes have computed columns or not, by what it says; its own problem is found next time.
      if (!this.#publication.isKnown) await this.#publication.look(querier);
      await shapes.lookFor(transactionId === null ? null : change, querier);
    });
  }

  async #inTurn(look: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(look);
    this.#last = turn.catch(() => undefined);
    await turn;
  }
}

/** Looks over what a start has prepared. */
export function openCatalogLooks(
  parts: Omit<RewriteWatchParts, 'sendsGenerated'> & Parameters<typeof shapeWatchOf>[0],
  capture: PreparedCapture,
): CatalogLooks {
  const { version } = capture.catalog.server;
  const publication = new PublicationWatch(parts.options.publicationName, version);
  return new CatalogLooks(parts, publication, shapeWatchOf(parts, capture));
}
