import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { SearchAnswer, SearchClient, SearchProduct } from './search-client.ts';

/** An answer with the product that its header names. */
export interface ProbeReply extends SearchAnswer {
  /** `x-elastic-product` or `x-opensearch-version`. */
  readonly product: string | null;
}

/** As `request` of a client. */
export type ProbeRequest = (...asked: Parameters<SearchClient['request']>) => Promise<ProbeReply>;

/** The oldest that the tests have. */
const OLDEST = { elasticsearch: 8, opensearch: 2 } as const;
/** What OpenSearch says of itself to clients of another product. */
const DISGUISE = '7.10.2';

/**
 * Asks for the version where it is usually told, and for that of the nodes where it is not: not all
 * servers have `GET /`, not all logins may ask, and managed clusters may have neither. Throws
 * SINK_AUTH, SINK_VERSION, or SINK_SERVER while the cluster cannot say.
 */
export async function probeProduct(
  request: ProbeRequest,
  address: string,
  signal: AbortSignal,
): Promise<SearchProduct> {
  const root = await request('GET', '/', undefined, signal);
  refuseUnusable(root, address);
  const version = isJsonObject(root.body) ? root.body['version'] : undefined;
  const distribution = isJsonObject(version) ? version['distribution'] : undefined;
  const told = isJsonObject(version) ? version['number'] : undefined;
  let name = distribution === 'opensearch' ? 'opensearch' : productOf(root);
  if (typeof told === 'string' && (name === 'elasticsearch' || told !== DISGUISE)) {
    // Elasticsearch before 7.14 has no header of its own.
    return productAt(name ?? 'elasticsearch', told, address);
  }
  const nodes = await request(
    'GET',
    '/_nodes/_local?filter_path=nodes.*.version',
    undefined,
    signal,
  );
  refuseUnusable(nodes, address);
  name ??= productOf(nodes);
  const ofNode = nodes.status === 200 ? nodeVersion(nodes.body) : undefined;
  if (ofNode !== undefined) return productAt(name ?? 'opensearch', ofNode, address);
  name ??= await productWithoutVersion(request, signal);
  if (name === null) {
    throw new TidemarkError(
      'SINK_VERSION',
      `${address} answered GET / with ${root.status}, and not as Elasticsearch or OpenSearch does`,
    );
  }
  return { name, major: OLDEST[name], minor: 0, assumed: true };
}

function refuseUnusable({ status, body }: ProbeReply, address: string): void {
  const error = isJsonObject(body) ? body['error'] : undefined;
  const reason = isJsonObject(error) ? error['reason'] : error;
  const why = typeof reason === 'string' ? `: ${reason.slice(0, 300)}` : '';
  if (status === 401) {
    throw new TidemarkError('SINK_AUTH', `${address} refused the login${why}`);
  }
  if (status === 429 || status >= 500) {
    throw new TidemarkError('SINK_SERVER', `${address} answered with ${status}${why}`, {
      cure: 'The records wait; the cluster has to come back or to have less to do.',
    });
  }
}

function productOf({ product }: ProbeReply): SearchProduct['name'] | null {
  if (product === 'Elasticsearch') return 'elasticsearch';
  return product?.startsWith('OpenSearch') === true ? 'opensearch' : null;
}

function nodeVersion(body: JsonNode | null): string | undefined {
  const nodes = body !== null && isJsonObject(body) ? body['nodes'] : undefined;
  const versions = isJsonObject(nodes)
    ? Object.values(nodes).map((node) => (isJsonObject(node) ? node['version'] : undefined))
    : [];
  return versions.find((version) => typeof version === 'string');
}

/** A serverless collection of OpenSearch has neither; but it searches, and says so in JSON. */
async function productWithoutVersion(
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<SearchProduct['name'] | null> {
  const answer = await request('GET', '/_cat/indices?format=json&h=index', undefined, signal);
  const product = productOf(answer);
  if (product !== null) return product;
  return answer.status === 200 && Array.isArray(answer.body) ? 'opensearch' : null;
}

function productAt(name: SearchProduct['name'], text: string, address: string): SearchProduct {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  if (Number(major) >= OLDEST[name]) return { name, major: Number(major), minor: Number(minor) };
  const title = name === 'elasticsearch' ? 'Elasticsearch' : 'OpenSearch';
  throw new TidemarkError('SINK_VERSION', `${address} is ${title} ${text}, which is too old`);
}
