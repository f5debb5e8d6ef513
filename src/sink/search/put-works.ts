import type { SinkRecord } from '../../model/sink-record.ts';
import type { IndexNaming } from './index-naming.ts';
import type { NestRoles } from './nest-roles.ts';
import type { DocumentChange } from './document-change.ts';
import { NestRound } from './nest-round.ts';
import { PutRound, type RoundAhead, type RoundPart } from './put-round.ts';
import type { SearchParts, SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import type { TopicWork } from './search-topic.ts';
import { type TopicSegment, topicSegments } from './topic-segments.ts';

/** How works are applied, whoever has them: a task of the sink, or a replay of dead letters. */
export interface WorkRules {
  /** Null: without document.nest. */
  readonly roles: NestRoles | null;
  readonly naming: IndexNaming;
  readonly options: SearchSinkOptions;
  readonly surroundings: Pick<SearchSinkSurroundings, 'send' | 'warn' | 'clock'>;
}

/** A put that was begun before its turn. */
export interface BegunWorks extends Pick<RoundAhead, 'written'> {
  /** Null: the work is not what was begun with. */
  segmentsOf(work: TopicWork): readonly TopicSegment[] | null;
}

/** What a put has to do with what it does not apply, and with other puts. */
interface WorkSurroundings {
  /** Of works that have records which are not to be applied, the others. */
  readonly live: ReadonlyMap<TopicWork, readonly SinkRecord[]>;
  /** What was begun of the put before its turn; null: nothing. */
  readonly early: BegunWorks | null;
  /** Called when there is room for the next put, whose documents may be any but these. */
  readonly begin: (underWay: readonly DocumentChange[]) => void;
}

/** Applies what a put has of topics, round by round: between two rounds indices are emptied. */
export async function applyWorks(
  parts: SearchParts,
  rules: WorkRules,
  works: readonly TopicWork[],
  signal: AbortSignal,
  { live = new Map(), early = null, begin }: Partial<WorkSurroundings> = {},
): Promise<void> {
  const round = roundOf(parts, rules);
  const segments = works.map((work) => {
    return early?.segmentsOf(work) ?? segmentsOf(rules, work, live.get(work) ?? work.records);
  });
  await round.begin(works, signal);
  const rounds = segments.reduce((most, { length }) => Math.max(most, length), 0);
  for (let i = 0; i < rounds; i++) {
    const next = works.flatMap((work, at) => {
      const segment = segments[at]?.[i];
      return segment === undefined || work.progress.parked !== null ? [] : [{ work, segment }];
    });
    // Between rounds indices are emptied, and behind one, too.
    const isLast = i === rounds - 1 && next.every(({ segment }) => segment.truncate === null);
    await round.apply(next, signal, {
      written: async (...changes) => (await early?.written(...changes)) ?? null,
      begin: (underWay) => {
        if (isLast) begin?.(underWay);
      },
    });
  }
}

function segmentsOf(
  { roles, naming, options }: WorkRules,
  { progress: { topic } }: TopicWork,
  records: readonly SinkRecord[],
): readonly TopicSegment[] {
  if (roles === null || roles.placesOf(topic).length === 0) {
    return topicSegments(records, naming, options);
  }
  return topicSegments(records, naming, options, (record, _index, own) =>
    roles.changesOf(record, own),
  );
}

/** Topics whose rows make documents together go their own way. */
function roundOf(
  parts: SearchParts,
  { roles, naming, options, surroundings }: WorkRules,
): Pick<PutRound, 'begin' | 'apply'> {
  const round = new PutRound(parts, naming, options, surroundings);
  const { nests } = parts;
  if (roles === null || nests === null) return round;
  const nested = new NestRound({ ...parts, nests }, roles, naming, options, surroundings);
  const isNested = ({ progress }: TopicWork): boolean => roles.placesOf(progress.topic).length > 0;
  return {
    begin: async (works, signal) => {
      await round.begin(
        works.filter((work) => !isNested(work)),
        signal,
      );
      await nested.begin(works.filter(isNested), signal);
    },
    apply: async (all: readonly RoundPart[], signal) => {
      await round.apply(
        all.filter(({ work }) => !isNested(work)),
        signal,
      );
      await nested.apply(
        all.filter(({ work }) => isNested(work)),
        signal,
      );
    },
  };
}
