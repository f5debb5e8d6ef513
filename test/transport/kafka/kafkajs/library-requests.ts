import { createRequire } from 'node:module';

/** Requests as kafkajs writes them, which other tests hold ours against. */
const load = createRequire(import.meta.url);

type Request = (options: object) => { encode(): Promise<{ readonly buffer: Buffer }> };

async function encoded(file: string, options: object): Promise<Buffer> {
  const request = load(`kafkajs/src/protocol/requests/${file}/request.js`) as Request;
  return (await request(options).encode()).buffer;
}

/** The body of a fetch request, version 11. */
export function libraryFetch(options: object): Promise<Buffer> {
  return encoded('fetch/v11', options);
}

/** The body of a produce request, version 7: the same as of version 8. */
export function libraryProduce(options: object): Promise<Buffer> {
  return encoded('produce/v7', options);
}
