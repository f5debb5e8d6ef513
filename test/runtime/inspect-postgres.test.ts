import { expect, test } from 'vitest';
import { connectionOfUrl } from '../../src/runtime/inspect-postgres.ts';

test.each(['mysql://h/d', 'postgres://h', 'shop', 'postgres://h:x/d'])(
  '%s is no such URL',
  (url) => {
    expect(() => connectionOfUrl(url)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
