/** A key of the store's tree with its new value; null deletes. */
export interface StoreOperation {
  readonly key: Buffer;
  readonly value: Buffer | null;
}
