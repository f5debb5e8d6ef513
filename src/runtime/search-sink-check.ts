import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { IndexNaming } from '../sink/search/index-naming.ts';
import { NestRoles } from '../sink/search/nest-roles.ts';
import { openSearchClient } from '../sink/search/open-search-client.ts';
import type { CheckFindings } from './check-findings.ts';
import type { SearchSinkSettings } from './search-sink-options.ts';
import { inspectSearchTarget } from './search-target-check.ts';

/**
 * Every prerequisite of a search server that can be known without changing anything. `topics`:
 * those that the sink names itself; indices of others are seen when their records come.
 */
export async function checkSearchSink(
  name: string,
  { options, connection }: SearchSinkSettings,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<CheckFindings> {
  const named = (error: TidemarkError): TidemarkError => {
    const { code, message, cure, cause } = error;
    return new TidemarkError(code, `sink ${name}: ${message}`, { cure, cause });
  };
  try {
    const naming = new IndexNaming(options);
    const roles = new NestRoles(options, naming);
    const found = topics.flatMap((topic) => {
      const places = roles.placesOf(topic);
      return places.length > 0 ? places.map(({ index }) => index) : (naming.ofTopic(topic) ?? []);
    });
    const indices = [...new Set(found)];
    await using client = await openSearchClient(connection, signal);
    const { createIndices: create, gcDeletesMs, dataStream } = options;
    const target = { indices: dataStream === null ? indices : [], create, gcDeletesMs };
    const { problems, warnings } = await inspectSearchTarget(client, target, signal);
    return {
      problems: problems.map(named),
      warnings: warnings.map((text) => `sink ${name}: ${text}`),
    };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { problems: [named(toTidemarkError(thrown, 'SINK_SERVER'))], warnings: [] };
  }
}
