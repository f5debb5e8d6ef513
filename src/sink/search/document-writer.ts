import { TidemarkError } from '../../foundation/errors.ts';
import type { BulkAction, BulkOutcome, BulkWriter } from './bulk-writer.ts';
import type { DocumentChange } from './document-change.ts';
import type { DocumentText } from './document-text.ts';
import type { SearchClient } from './search-client.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import { needsStored, storedPairs, type StoredPair } from './stored-documents.ts';

/** A change that the index did not take. */
export interface RefusedChange {
  readonly change: DocumentChange;
  readonly error: TidemarkError;
  /** It waits for another one that was refused, and was not tried. */
  readonly isHeldBack?: true;
}

/** What applying changes came to. */
export interface WrittenChanges {
  readonly refused: readonly RefusedChange[];
  /** Of them the index had newer ones. */
  readonly newer: number;
}

type Action = 'index' | 'create' | 'update' | 'delete';

/** An action, and what it is for. */
interface Work extends BulkAction {
  readonly change: DocumentChange;
  /** It asks whether the index knows that the row went later. */
  readonly isProbe: boolean;
}

/** A change as it is. Its texts are made when a bulk has room for them, and not kept. */
class PlainWork implements Work {
  readonly change: DocumentChange;
  readonly isProbe = false;
  readonly #action: Action;
  readonly #text: DocumentText;

  constructor(change: DocumentChange, action: Action, text: DocumentText) {
    this.change = change;
    this.#action = action;
    this.#text = text;
  }

  get line(): string {
    return actionLine(this.#action, this.change);
  }

  document(): string | null {
    if (this.#action === 'delete') return null;
    const row = this.#text.ofRow(this.change);
    if (this.#action !== 'update') return row;
    return `{"doc":${row},"doc_as_upsert":${this.change.absent.length === 0}}`;
  }
}

/**
 * Writes changes of different documents.
 *
 * A row without all of its values (unchanged TOAST, minimal images) is completed with what the
 * index has, and written whole, with its own version: the update of a server could not be told
 * that version, so that an older change would win later. In between nobody else writes that
 * document, since its records stand in one partition, which one task has. A row of which the index
 * has nothing is never written with holes in it (ARCHITECTURE, invariant 7).
 */
export class DocumentWriter {
  readonly #client: SearchClient;
  readonly #bulk: BulkWriter;
  readonly #text: DocumentText;
  readonly #options: SearchSinkOptions;

  constructor(
    client: SearchClient,
    bulk: BulkWriter,
    text: DocumentText,
    options: SearchSinkOptions,
  ) {
    this.#client = client;
    this.#bulk = bulk;
    this.#text = text;
    this.#options = options;
  }

  /** `spare`: as `BulkWriter.write` has it. */
  async write(
    changes: readonly DocumentChange[],
    signal: AbortSignal,
    spare?: () => void,
  ): Promise<WrittenChanges> {
    const refused: RefusedChange[] = [];
    const asked: DocumentChange[] = [];
    // A document that another one takes values of goes only when those are written.
    const moves: Work[] = [];
    const others: Work[] = [];
    const take = (work: Work): void => {
      (isMove(work) ? moves : others).push(work);
    };
    for (const change of changes) {
      if (change.isOrphan) refused.push({ change, error: missingRow(change) });
      else if (this.#asksFirst(change)) asked.push(change);
      else take(this.#plain(change));
    }
    const isRoutedByKey = this.#options.routing?.kind === 'key';
    const pairs = await storedPairs(this.#client, asked, isRoutedByKey, signal);
    let newer = 0;
    asked.forEach((change, i) => {
      const work = this.#completed(change, pairs[i] as StoredPair);
      if (work === null) newer++;
      else take(work);
    });
    newer += await this.#send(moves, refused, signal);
    const rest = this.#options.park === 'record' ? others : withoutBases(others, refused);
    newer += await this.#send(rest, refused, signal, spare);
    return { newer, refused };
  }

  /** Returns how many were older than what the index has. */
  async #send(
    works: readonly Work[],
    refused: RefusedChange[],
    signal: AbortSignal,
    spare?: () => void,
  ): Promise<number> {
    const outcomes = await this.#bulk.write(works, signal, spare);
    let newer = 0;
    works.forEach(({ change, isProbe }, i) => {
      const outcome = outcomes[i] as BulkOutcome;
      if (outcome.kind === 'newer') newer++;
      else if (outcome.kind === 'refused') refused.push({ change, error: outcome.error });
      else if (isProbe) refused.push({ change, error: missingRow(change) });
    });
    return newer;
  }

  /** Whether nothing but the change itself says what is to be sent. */
  isPlain(change: DocumentChange): boolean {
    return !change.isOrphan && change.base === null && !this.#asksFirst(change);
  }

  #asksFirst(change: DocumentChange): boolean {
    // The server's own update merges what is there.
    return (
      needsStored(change) && (this.#options.writeMethod === 'index' || change.effect !== 'write')
    );
  }

  #plain(change: DocumentChange): Work {
    if (change.effect === 'delete') return new PlainWork(change, 'delete', this.#text);
    const { dataStream, writeMethod } = this.#options;
    return new PlainWork(change, dataStream === null ? writeMethod : 'create', this.#text);
  }

  /** Null: the index has a newer one, or there is nothing to be done. */
  #completed(change: DocumentChange, pair: StoredPair): Work | null {
    const { effect, version, baseUntil } = change;
    const { own } = pair;
    const isPassed =
      pair.base !== null && baseUntil !== null && pair.base.version > BigInt(baseUntil);
    const base = isPassed ? null : pair.base;
    const isNewer = own !== null && version !== null && own.version > BigInt(version);
    if (isNewer) return null;
    if (effect === 'mark') {
      return this.#work(change, 'index', () =>
        this.#text.ofDeletedRow(change, own?.source ?? null),
      );
    }
    if (effect === 'move') {
      // Its second half came before, or it will not find what it needs, and says so.
      const isDone = own !== null && version !== null && own.version === BigInt(version);
      if (base === null || isDone) return null;
      return this.#work(change, 'index', () => this.#text.ofMovedRow(base.source));
    }
    const source = base ?? own;
    if (source === null) return this.#work(change, 'delete', () => null, true);
    return this.#work(change, 'index', () => this.#text.ofCompletedRow(change, source.source));
  }

  #work(
    change: DocumentChange,
    action: Action,
    document: () => string | null,
    isProbe = false,
  ): Work {
    return { change, line: actionLine(action, change), document, isProbe };
  }
}

/**
 * Without the deletes of documents that refused ones take values of: whoever applies those again
 * has to find them.
 */
function withoutBases(works: readonly Work[], refused: RefusedChange[]): readonly Work[] {
  const errors = new Map(
    refused.flatMap(({ change: { index, base }, error }) =>
      base === null ? [] : [[`${index}/${base}`, error] as const],
    ),
  );
  if (errors.size === 0) return works;
  return works.filter(({ change }) => {
    const error =
      change.effect === 'delete' ? errors.get(`${change.index}/${change.id ?? ''}`) : undefined;
    if (error !== undefined) refused.push({ change, error, isHeldBack: true });
    return error === undefined;
  });
}

function isMove({ change, isProbe }: Work): boolean {
  return change.base !== null && !isProbe;
}

/** As often as Confluent's sink lets the server try. */
const UPDATE_TRIES = 5;

/** Most actions of a bulk are for one. */
let lastIndex = { name: '', json: '""' };

function actionLine(action: Action, { index, id, routing, version }: DocumentChange): string {
  if (index !== lastIndex.name) lastIndex = { name: index, json: JSON.stringify(index) };
  let members = `"_index":${lastIndex.json}`;
  if (id !== null) members += `,"_id":${JSON.stringify(id)}`;
  if (routing !== null) members += `,"routing":${JSON.stringify(routing)}`;
  if (version !== null) members += `,"version":${version},"version_type":"external_gte"`;
  if (action === 'update') members += `,"retry_on_conflict":${UPDATE_TRIES}`;
  return `{"${action}":{${members}}}`;
}

/** A change that needs values of a row which nobody has. */
export function missingRow({ index, id, absent }: DocumentChange): TidemarkError {
  const lacking = absent.length > 0 ? ` (${absent.join(', ')})` : '';
  return new TidemarkError(
    'SINK_RECORD',
    `${index}: there is no document ${id ?? ''}, and the change has not all values${lacking}`,
    {
      cure:
        'Read the table again (tidemark snapshot), and start the sink; with REPLICA IDENTITY ' +
        'FULL, or binlog_row_image full, changes have all values.',
    },
  );
}
