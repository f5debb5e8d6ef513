/** How bytes stand in a record. */
export type BytesEncoding = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';
