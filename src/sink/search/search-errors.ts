import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { SearchAnswer } from './search-client.ts';

/** What a server says of a request, or of one document of a bulk. */
export interface ServerReason {
  readonly type: string;
  readonly text: string;
}

/** Trouble of the cluster that passes; both products' names. */
const PASSING = new Set([
  'es_rejected_execution_exception',
  'rejected_execution_exception',
  'circuit_breaking_exception',
  'process_cluster_event_timeout_exception',
  'unavailable_shards_exception',
  'no_shard_available_action_exception',
  'no_node_available_exception',
  'node_closed_exception',
  'node_disconnected_exception',
  'master_not_discovered_exception',
  'cluster_manager_not_discovered_exception',
  'cluster_block_exception',
  'timeout_exception',
]);

/** Reads `error` of an answer, with what caused it, which is where the reason often stands. */
export function serverReason(error: JsonNode | undefined): ServerReason {
  if (typeof error === 'string') return { type: '', text: error };
  if (!isJsonObject(error)) return { type: '', text: 'no reason given' };
  const { type, reason, caused_by: cause } = error;
  const name = typeof type === 'string' ? type : '';
  const told = typeof reason === 'string' ? oneLine(reason) : '';
  const text = [name, told].filter((part) => part !== '').join(': ');
  const deeper = isJsonObject(cause) ? serverReason(cause).text : '';
  return {
    type: name,
    text: deeper === '' || text.includes(deeper) ? text : `${text} (${deeper})`,
  };
}

/** Whether the same request may be taken a little later. */
export function mayPass(status: number, { type }: ServerReason): boolean {
  if (status === 429 || (status >= 500 && status !== 501 && status !== 505)) return true;
  return PASSING.has(type);
}

/** The reason of an answer that is no success. */
export function answerReason({ body }: SearchAnswer): ServerReason {
  return serverReason(isJsonObject(body) ? body['error'] : undefined);
}

/** What an answer that is no success means for the task; `what` was asked. */
export function answerError(what: string, answer: SearchAnswer): TidemarkError {
  const { status } = answer;
  const reason = answerReason(answer);
  const message = `${what}: HTTP ${status}, ${reason.text}`;
  if (status === 401) return new TidemarkError('SINK_AUTH', message);
  if (status === 403 && !mayPass(status, reason)) {
    return new TidemarkError('SINK_AUTH', message, {
      cure: 'The user lacks a right: index, delete, create_index and manage of the indices.',
    });
  }
  if (mayPass(status, reason)) return passingError(message, reason);
  return new TidemarkError('SINK_SCHEMA', message, { cure: 'Mend what the server names.' });
}

/** Trouble of the cluster, with what helps where its name says. */
export function passingError(message: string, { type, text }: ServerReason): TidemarkError {
  const isBlocked = type === 'cluster_block_exception' || text.includes('cluster_block_exception');
  return new TidemarkError(
    'SINK_SERVER',
    message,
    isBlocked
      ? {
          cure:
            'The index takes no writes: free disk space (flood-stage watermark), or take the ' +
            'block off: PUT <index>/_settings {"index.blocks.read_only_allow_delete":null}.',
        }
      : { cure: 'The records wait; the server has to come back or to have less to do.' },
  );
}

/** Parsers of the server add where in the document they were, in a line of its own. */
function oneLine(reason: string): string {
  return reason
    .replace(/\n? at \[Source: [^\n]*/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** `_version` of a document. */
export function versionNumber(version: JsonNode | undefined): bigint {
  if (typeof version === 'number' || typeof version === 'bigint') return BigInt(version);
  throw new TidemarkError('SINK_SERVER', 'a document came without its version');
}
