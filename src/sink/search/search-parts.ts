import type { Clock } from '../../foundation/clock.ts';
import type { FaultHook } from '../../foundation/fault-points.ts';
import type { SendDeadLetters } from '../../model/dead-letter.ts';
import type { AskReread } from '../../model/table-reread.ts';
import { BulkPace } from './bulk-pace.ts';
import { BulkWriter } from './bulk-writer.ts';
import { DocumentText } from './document-text.ts';
import { DocumentWriter } from './document-writer.ts';
import { NestChildren } from './nest-children.ts';
import { NestIndexes } from './nest-indexes.ts';
import { NestParents } from './nest-parents.ts';
import { NestRetry } from './nest-retry.ts';
import type { NestRoles } from './nest-roles.ts';
import { StateStore } from './state-store.ts';
import { NestWriter } from './nest-writer.ts';
import { ParkedTopics } from './parked-topics.ts';
import type { SearchClient } from './search-client.ts';
import { SearchIndexes } from './search-indexes.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** What a search sink takes from the process around it. */
export interface SearchSinkSurroundings {
  readonly open: (signal: AbortSignal) => Promise<SearchClient>;
  readonly clock: Clock;
  /** Null: nothing becomes a dead letter. */
  readonly send: SendDeadLetters | null;
  readonly warn: (text: string) => void;
  /** A change of the target, and why. */
  readonly tell: (statement: string, effect: string) => void;
  readonly fault: FaultHook;
  /** Null: no source of this pipeline can be asked to read a table again. */
  readonly reread: AskReread | null;
}

/** What writes documents of several rows. */
export interface NestParts {
  readonly writer: NestWriter;
  readonly indexes: NestIndexes;
}

/** What a search sink is made of once it is connected. */
export interface SearchParts {
  readonly client: SearchClient;
  readonly bulk: BulkWriter;
  readonly writer: DocumentWriter;
  readonly indexes: SearchIndexes;
  /** Keys that wait (`errors.park`). */
  readonly parked: ParkedTopics;
  /** Null: each row is a document of its own (`document.nest`). */
  readonly nests: NestParts | null;
}

/** Connects. Throws what the client says. `roles`: null without document.nest. */
export async function openParts(
  options: SearchSinkOptions,
  roles: NestRoles | null,
  surroundings: Omit<SearchSinkSurroundings, 'send'>,
  signal: AbortSignal,
): Promise<SearchParts> {
  const { open, clock } = surroundings;
  const client = await open(signal);
  const pace = new BulkPace(options.bulkBytes);
  const bulk = new BulkWriter({ client, options, pace, clock });
  const text = new DocumentText(client.product, options, clock);
  const writer = new DocumentWriter(client, bulk, text, options);
  const indexes = new SearchIndexes(client, options, surroundings);
  // What is kept beside the index is nobody's to search, and no pipeline's to change.
  const kept = { ...options, pipeline: null, refresh: 'false' } as const;
  const keeper = new BulkWriter({ client, options: kept, pace, clock });
  const store = new StateStore(client, keeper);
  const parked = new ParkedTopics(client, store, options);
  if (roles === null) return { client, bulk, writer, indexes, parked, nests: null };
  const retry = new NestRetry(clock);
  const { nestMax, gcDeletesMs } = options;
  const fieldsOf = (index: string): readonly string[] => roles.fieldsOf(index);
  const nests = {
    writer: new NestWriter({
      children: new NestChildren(store, text, retry),
      parents: new NestParents({ store, retry, bulk, fieldsOf, nestMax, gcDeletesMs }),
      text,
      retry,
    }),
    indexes: new NestIndexes(client, indexes, keeper, options),
  };
  return { client, bulk, writer, indexes, parked, nests };
}
