/**
 * Thrown by a transform that first has to ask somebody. When `ready` has resolved, the same record
 * is given to the chain again, and the transform knows the answer. Not a failure: whoever runs the
 * chain keeps the record, and all behind it, until then.
 */
export class TransformWaits extends Error {
  readonly ready: (signal: AbortSignal) => Promise<void>;

  constructor(ready: (signal: AbortSignal) => Promise<void>) {
    super('a transform has to ask before it can answer');
    this.name = 'TransformWaits';
    this.ready = ready;
  }
}
