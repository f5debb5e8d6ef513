import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { connectSuitable, serversOf } from '../../../../src/source/postgres/wire/server-choice.ts';
import type { TargetSessionAttrs } from '../../../../src/source/postgres/postgres-source-options.ts';
import { connectionTo } from '../../../support/postgres-source.ts';

type Role = 'primary' | 'read-only primary' | 'standby' | 'down' | 'refuses';

/** Servers a, b, …; `tried` are those that were asked, `closed` those that were let go again. */
async function choose(roles: readonly Role[], wanted?: TargetSessionAttrs) {
  const [tried, closed]: string[][] = [[], []];
  const { signal } = new AbortController();
  const [first, ...alternatives] = roles.map((_, index) => ({
    host: String.fromCodePoint(97 + index),
    port: 5432,
  }));
  const options = {
    ...connectionTo({ host: '', port: 1, user: 'u', password: 'p', name: 'd' }),
    ...first,
    alternatives,
    targetSessionAttrs: wanted,
  };
  expect(serversOf(options)).toHaveLength(roles.length);
  const chosen = connectSuitable(
    options,
    async ({ host }) => {
      await Promise.resolve();
      tried?.push(host);
      const role = roles[host.codePointAt(0)! - 97];
      if (role === 'down') throw new TidemarkError('PG_CONNECT', `${host}:5432: refused`);
      if (role === 'refuses') throw new TidemarkError('PG_AUTH', 'wrong password');
      const row = [role === 'standby' ? 't' : 'f', role === 'primary' ? 'off' : 'on'];
      return {
        host,
        query: async () => await Promise.resolve([{ columns: [], rows: [row], command: 'SELECT' }]),
        close: async () => {
          closed?.push(host);
          await Promise.resolve();
        },
      };
    },
    signal,
  );
  const outcome = await chosen.then(
    ({ host }) => host,
    (error: unknown) => error as TidemarkError,
  );
  return { outcome, tried: tried?.join(''), closed: closed?.join('') };
}

test.for<readonly [readonly Role[], TargetSessionAttrs | undefined, string, string, string]>([
  [['primary'], undefined, 'a', 'a', ''],
  [['standby'], undefined, 'a', 'a', ''],
  [['standby', 'primary'], undefined, 'b', 'ab', 'a'],
  [['down', 'primary'], undefined, 'b', 'ab', ''],
  [['down', 'standby', 'primary'], 'primary', 'c', 'abc', 'b'],
  [['standby', 'primary'], 'any', 'a', 'a', ''],
  [['primary', 'standby'], 'standby', 'b', 'ab', 'a'],
  [['primary', 'standby'], 'prefer-standby', 'b', 'ab', 'a'],
  [['primary', 'down'], 'prefer-standby', 'a', 'aba', 'a'],
  [['read-only primary', 'primary'], 'read-write', 'b', 'ab', 'a'],
  [['read-only primary', 'primary'], 'primary', 'a', 'a', ''],
  [['primary', 'standby'], 'read-only', 'b', 'ab', 'a'],
])('%j, %s → %s', async ([roles, wanted, host, tried, closed]) => {
  expect(await choose(roles, wanted)).toEqual({ outcome: host, tried, closed });
});

test('when none will do, each is named with its reason', async () => {
  const { outcome } = await choose(['down', 'standby']);
  expect(outcome).toMatchObject({
    code: 'PG_CONNECT',
    message:
      'no server with database.target.session.attrs: primary ' +
      '(a:5432: refused; b:5432 is a standby)',
  });
});

test('a server that refuses the password ends the search', async () => {
  const { outcome, tried } = await choose(['refuses', 'primary']);
  expect(outcome).toMatchObject({ code: 'PG_AUTH' });
  expect(tried).toBe('a');
});

test('the server that was suitable last is asked first, as long as it is suitable', async () => {
  const options = {
    ...connectionTo({ host: 'a', port: 1, user: 'u', password: 'p', name: 'd' }),
    alternatives: [{ host: 'b', port: 1 }],
  };
  const { signal } = new AbortController();
  let primary = 'b';
  const tried: string[] = [];
  const open = async ({ host }: { readonly host: string }) => {
    tried.push(host);
    const row = [host === primary ? 'f' : 't', 'off'];
    return await Promise.resolve({
      query: async () => await Promise.resolve([{ columns: [], rows: [row], command: 'SELECT' }]),
      close: async () => {
        await Promise.resolve();
      },
    });
  };
  await connectSuitable(options, open, signal);
  await connectSuitable(options, open, signal);
  primary = 'a';
  await connectSuitable(options, open, signal);
  await connectSuitable(options, open, signal);
  expect(tried.join('')).toBe('abbbaa');
});
