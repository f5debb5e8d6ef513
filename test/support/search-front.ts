import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerJson } from './scripted-http.ts';

/**
 * What a front does to a bulk: `busy` 429 and `gateway` 503 keep it from the server, `cut` and
 * `slow` let the server have it and its answer be lost or late, `part` has a third of its actions
 * refused as a full queue does.
 */
export const FRONT_TROUBLES = ['busy', 'gateway', 'cut', 'slow', 'part'] as const;
export type FrontTrouble = (typeof FRONT_TROUBLES)[number];

/** A proxy before a search server, as a load balancer is, that makes trouble for bulks. */
export interface SearchFront extends AsyncDisposable {
  readonly url: string;
  /** How often it did what. */
  readonly done: Readonly<Record<FrontTrouble, number>>;
  /** Asked for each bulk; null: it goes through. */
  choose: () => FrontTrouble | null;
}

const SLOW_MS = 400;
const REFUSED = {
  status: 429,
  error: { type: 'es_rejected_execution_exception', reason: 'the queue of the front is full' },
};
/** Of the server's headers those that a client of it needs. */
const PASSED = ['content-type', 'x-elastic-product', 'x-opensearch-version'];

export async function searchFront(
  target: string,
  choose: SearchFront['choose'],
): Promise<SearchFront> {
  const done = { busy: 0, gateway: 0, cut: 0, slow: 0, part: 0 };
  const listening = createServer((request, response) => {
    const isBulk = request.url?.startsWith('/_bulk') === true;
    const trouble = isBulk ? front.choose() : null;
    if (trouble !== null) done[trouble]++;
    pass(target, request, response, trouble).catch(() => {
      // The server is gone, and so is what was on its way.
      response.destroy();
    });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const front: SearchFront = {
    url: `http://127.0.0.1:${port}`,
    done,
    choose,
    async [Symbol.asyncDispose]() {
      listening.closeAllConnections();
      listening.close();
      await once(listening, 'close');
    },
  };
  return front;
}

async function pass(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  trouble: FrontTrouble | null,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (trouble === 'busy') {
    answerJson(response, 429, REFUSED, { 'retry-after': '0' });
    return;
  }
  if (trouble === 'gateway') {
    response.writeHead(503, { 'content-type': 'text/html' });
    response.end('<html><body><h1>503 Service Unavailable</h1></body></html>');
    return;
  }
  if (trouble === 'part') {
    await passPart(target, request, response, actionsOf(body.toString()));
    return;
  }
  const answer = await forward(target, request, body);
  if (trouble === 'cut') {
    response.destroy();
    return;
  }
  if (trouble === 'slow') await delay(SLOW_MS);
  const headers = PASSED.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

async function forward(
  target: string,
  { method = 'GET', url = '/', headers }: IncomingMessage,
  body: Buffer<ArrayBuffer> | string,
): Promise<Response> {
  const type = headers['content-type'];
  return fetch(`${target}${url}`, {
    method,
    headers: type === undefined ? {} : { 'content-type': type },
    ...(body.length === 0 ? {} : { body }),
  });
}

/** Each action with the line of its document. */
function actionsOf(body: string): readonly string[] {
  const actions: string[] = [];
  const lines = body.split('\n').slice(0, -1);
  for (let i = 0; i < lines.length;) {
    const count = lines[i]?.startsWith('{"delete"') === true ? 1 : 2;
    actions.push(lines.slice(i, i + count).join('\n'));
    i += count;
  }
  return actions;
}

interface BulkAnswer {
  readonly errors: boolean;
  readonly items: readonly unknown[];
}

/** Every third action is refused, the others are the server's. */
async function passPart(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  actions: readonly string[],
): Promise<void> {
  const isRefused = (at: number): boolean => at % 3 === 0;
  const taken = actions.filter((_, at) => !isRefused(at));
  let answered: readonly unknown[] = [];
  if (taken.length > 0) {
    const answer = await forward(target, request, `${taken.join('\n')}\n`);
    const text = await answer.text();
    if (answer.status !== 200) {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(text);
      return;
    }
    ({ items: answered } = JSON.parse(text) as BulkAnswer);
  }
  let next = 0;
  const items = actions.map((action, at) => {
    const kind = /^\{"(\w+)"/.exec(action)?.[1] ?? 'index';
    return isRefused(at) ? { [kind]: REFUSED } : answered[next++];
  });
  answerJson(response, 200, { errors: true, items });
}
