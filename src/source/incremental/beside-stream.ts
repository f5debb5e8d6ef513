/**
 * Runs work beside the stream. It ends with the stream, and when it fails the stream's run fails
 * with the same error.
 */
export async function besideStream(
  streaming: Promise<void>,
  work: (until: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  streaming.catch(() => undefined);
  const working = work(AbortSignal.any([signal, ended.signal])).catch((error: unknown) => {
    failed.reject(error);
  });
  try {
    await Promise.race([streaming, failed.promise]);
  } finally {
    ended.abort();
    await working;
  }
}
