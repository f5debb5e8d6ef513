import { Backoff } from '../../foundation/backoff.ts';
import { nextTurn, type Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import { BulkBody } from './bulk-body.ts';
import type { BulkPace } from './bulk-pace.ts';
import type { SearchAnswer, SearchClient } from './search-client.ts';
import { answerError, answerReason, mayPass, passingError, serverReason } from './search-errors.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** One action of a bulk; no other of the same call has its document. */
export interface BulkAction {
  readonly line: string;
  /** Null: there is no document. Throws what speaks against it. */
  readonly document: () => string | null;
}

/** What became of an action. */
export type BulkOutcome =
  | { readonly kind: 'done' }
  /** The index has a newer one: a record that came once more, or late. */
  | { readonly kind: 'newer' }
  /** A delete of what was not there. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly error: TidemarkError };

type BulkWriterOptions = Pick<
  SearchSinkOptions,
  | 'bulkActions'
  | 'inFlight'
  | 'maxRetries'
  | 'retryBackoffMs'
  | 'pipeline'
  | 'refresh'
  | 'createIndices'
>;

/** What a bulk needs beside its actions. */
export interface BulkWriterParts {
  readonly client: SearchClient;
  readonly options: BulkWriterOptions;
  readonly pace: BulkPace;
  readonly clock: Clock;
}

const DONE: BulkOutcome = { kind: 'done' };
const NEWER: BulkOutcome = { kind: 'newer' };
const MISSING: BulkOutcome = { kind: 'missing' };
const RETRY_MAX_MS = 30_000;
/**
 * Of a bulk that is not the last, unless options or bytes say less: with half as many the server
 * needs a tenth more for each.
 */
const ACTIONS_MIN = 1_000;

/**
 * Sends actions in bulks, and reads what became of each (PITFALLS S9): what the server had no room
 * for is sent again, and nothing else. Since no two actions of calls that overlap concern one
 * document, bulks may overtake each other.
 */
export class BulkWriter {
  readonly #parts: BulkWriterParts;
  readonly #path: string;
  /** Those that nobody sends, to be filled again. */
  readonly #bodies: BulkBody[] = [];
  /** Calls that overlap have them together. */
  readonly #slots: Slots;

  constructor(parts: BulkWriterParts) {
    this.#parts = parts;
    const { pipeline, refresh, inFlight } = parts.options;
    this.#slots = new Slots(inFlight);
    const asked = ['filter_path=errors,items.*.status,items.*.error'];
    if (pipeline !== null) asked.push(`pipeline=${encodeURIComponent(pipeline)}`);
    if (refresh !== 'false') asked.push(`refresh=${refresh}`);
    this.#path = `/_bulk?${asked.join('&')}`;
  }

  /**
   * What became of each action. Throws trouble of the server: any of them may be done then.
   * `spare` is called once, when all are under way and there is room for another bulk.
   */
  async write(
    actions: readonly BulkAction[],
    signal: AbortSignal,
    spare?: () => void,
  ): Promise<readonly BulkOutcome[]> {
    const outcomes: BulkOutcome[] = actions.map(() => DONE);
    const { inFlight } = this.#parts.options;
    const most = this.#actionsOfBulk(actions.length);
    let next = 0;
    let ready: Bulk | null = null;
    let failure: unknown = null;
    const filled = (): Bulk | null => {
      if (next >= actions.length) return null;
      const bulk = new Bulk(outcomes, this.#bodies.pop() ?? new BulkBody());
      next = bulk.fill(actions, next, this.#parts.pace.bytes, most);
      return bulk;
    };
    /** Once the one before is on its way. */
    const prepare = async (): Promise<void> => {
      await nextTurn();
      ready ??= filled();
    };
    const hasMore = (): boolean => ready !== null || next < actions.length;
    const sendNext = async (): Promise<void> => {
      const bulk = ready ?? filled();
      ready = null;
      // Another worker was faster.
      if (bulk === null) return;
      await Promise.all([this.#send(bulk, bulk.all(), signal), prepare()]);
      // Of a request that failed some bytes may still be under way.
      if (this.#bodies.length <= inFlight) this.#bodies.push(bulk.body.emptied());
    };
    const tellSpare = (): void => {
      if (hasMore() || failure !== null || signal.aborted) return;
      spare?.();
      spare = undefined;
    };
    const work = async (): Promise<void> => {
      while (hasMore() && failure === null && !signal.aborted) {
        await this.#slots.take();
        try {
          await sendNext();
        } catch (error) {
          failure ??= error;
        } finally {
          this.#slots.release();
        }
      }
      tellSpare();
    };
    const working: Promise<void>[] = [];
    for (let worker = 0; worker < inFlight && next < actions.length; worker++) {
      working.push(work());
      await nextTurn();
    }
    if (working.length < inFlight) tellSpare();
    await Promise.all(working);
    if (failure !== null) throw failure;
    signal.throwIfAborted();
    return outcomes;
  }

  /**
   * Few enough that the server has some while the next ones are made, and as many that it does not
   * matter what each costs it.
   */
  #actionsOfBulk(all: number): number {
    const { bulkActions, inFlight } = this.#parts.options;
    return Math.min(bulkActions, Math.max(ACTIONS_MIN, Math.ceil(all / (2 * inFlight))));
  }

  /** Until each of these actions has an outcome. */
  async #send(bulk: Bulk, numbers: readonly number[], signal: AbortSignal): Promise<void> {
    const { client, clock, pace, options } = this.#parts;
    const backoff = new Backoff({ initialMs: options.retryBackoffMs, maxMs: RETRY_MAX_MS });
    let left = numbers;
    for (let attempt = 0; left.length > 0; attempt++) {
      const parts = bulk.body.parts(left);
      const beganAtMs = clock.monotonicMs();
      const answer = await client.request('POST', this.#path, parts, signal);
      const { status } = answer;
      if (status === 413 || status === 400) {
        await this.#halve(bulk, left, answer, signal);
        return;
      }
      const found = status === 200 ? bulk.read(left, answer) : left;
      if (found.length === 0) {
        pace.taken(bytesOf(parts), clock.monotonicMs() - beganAtMs);
        return;
      }
      const error = status === 200 ? bulk.trouble : answerError('_bulk', answer);
      if (error?.retry !== 'backoff' || attempt >= options.maxRetries) throw error ?? noReason();
      pace.refused();
      left = found;
      await clock.sleep(Math.max(backoff.nextDelayMs(), answer.retryAfterMs ?? 0), signal);
      signal.throwIfAborted();
    }
  }

  /** Too large, or something in it is wrong: found by halving, and a single action is refused. */
  async #halve(
    bulk: Bulk,
    numbers: readonly number[],
    answer: SearchAnswer,
    signal: AbortSignal,
  ): Promise<void> {
    if (answer.status === 413) this.#parts.pace.refused();
    if (numbers.length === 1) {
      bulk.refuse(numbers[0] as number, refusal(answer, bytesOf(bulk.body.parts(numbers))));
      return;
    }
    const middle = Math.ceil(numbers.length / 2);
    await this.#send(bulk, numbers.slice(0, middle), signal);
    await this.#send(bulk, numbers.slice(middle), signal);
  }
}

function refusal(answer: SearchAnswer, bytes: number): TidemarkError {
  if (answer.status === 413) {
    return new TidemarkError('SINK_RECORD', `a document of ${bytes} bytes is too large`, {
      cure: 'Raise http.max_content_length of the server, or leave the field out of the record.',
    });
  }
  return new TidemarkError('SINK_RECORD', answerReason(answer).text);
}

function noReason(): TidemarkError {
  return new TidemarkError('SINK_SERVER', '_bulk: the server gave no reason');
}

/** How many requests may be under way; whoever asks first is first. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** Actions that are one body, and what became of them. */
class Bulk {
  readonly body: BulkBody;
  /** Why actions are to be sent again. */
  trouble: TidemarkError | null = null;
  readonly #outcomes: BulkOutcome[];
  /** Of each action in the body its number in the call. */
  readonly #numbers: number[] = [];

  constructor(outcomes: BulkOutcome[], body: BulkBody) {
    this.#outcomes = outcomes;
    this.body = body;
  }

  /** Takes actions from `from` on; returns the first that it has no room for. */
  fill(actions: readonly BulkAction[], from: number, maxBytes: number, maxActions: number): number {
    let at = from;
    while (at < actions.length && this.body.actions < maxActions && this.body.bytes < maxBytes) {
      const action = actions[at] as BulkAction;
      try {
        this.body.add(action.line, action.document());
        this.#numbers.push(at);
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error;
        this.#outcomes[at] = { kind: 'refused', error };
      }
      at++;
    }
    return at;
  }

  all(): readonly number[] {
    return this.#numbers.map((_, i) => i);
  }

  refuse(number: number, error: TidemarkError): void {
    this.#outcomes[this.#numbers[number] as number] = { kind: 'refused', error };
  }

  /** Takes the outcomes of actions over; returns those to send again. */
  read(numbers: readonly number[], { body }: SearchAnswer): readonly number[] {
    const { errors, items } = isJsonObject(body) ? body : {};
    // All of them are done, which is what outcomes are from the beginning.
    if (errors === false && items === undefined) return [];
    if (!Array.isArray(items) || items.length !== numbers.length) {
      throw new TidemarkError('SINK_SERVER', '_bulk: the answer does not have an item per action');
    }
    this.trouble = null;
    return numbers.filter((number, i) => {
      const outcome = this.#outcomeOf(items[i] as JsonNode);
      if (outcome !== null) this.#outcomes[this.#numbers[number] as number] = outcome;
      return outcome === null;
    });
  }

  /** Null: to send again. */
  #outcomeOf(item: JsonNode): BulkOutcome | null {
    const [action, told] = isJsonObject(item) ? (Object.entries(item)[0] ?? []) : [];
    const { status, error } = isJsonObject(told) ? told : {};
    const code = typeof status === 'number' ? status : 500;
    // An update that others were faster than, each time that the server tried, is none of those.
    if (code === 409 && action !== 'update') return NEWER;
    if (code === 404 && action === 'delete' && error === undefined) return MISSING;
    if (code < 300) return DONE;
    const reason = serverReason(error);
    if (mayPass(code, reason) || code === 409) {
      this.trouble ??= passingError(`_bulk: HTTP ${code}, ${reason.text}`, reason);
      return null;
    }
    if (reason.type === 'index_not_found_exception') throw goneIndex(reason.text);
    if (code === 401 || code === 403) {
      throw new TidemarkError('SINK_AUTH', `_bulk: HTTP ${code}, ${reason.text}`);
    }
    return { kind: 'refused', error: new TidemarkError('SINK_RECORD', reason.text) };
  }
}

/** Somebody deleted it while the sink wrote: the next try finds out, and makes it. */
function goneIndex(text: string): TidemarkError {
  return new TidemarkError('SINK_SERVER', `_bulk: ${text}`, {
    cure: 'The index was deleted; the sink makes it again where create.indices is on.',
  });
}

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
