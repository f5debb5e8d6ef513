import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import type { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { chooseServer } from '../../../../src/source/mysql/wire/server-choice.ts';
import { scriptedMysql } from '../../../support/scripted-mysql.ts';

const { signal } = new AbortController();

test('the first that answers is chosen; the rest is not asked', async () => {
  await using dead = await scriptedMysql();
  const gone = dead.options;
  await dead[Symbol.asyncDispose]();
  await using alive = await scriptedMysql();
  const { host, port } = alive.options;
  const chosen = await chooseServer(gone, [{ host, port }], signal, systemClock);
  await using _session = chosen.session;
  expect(chosen.connection).toMatchObject({ host, port, user: gone.user });
});

test('when none answers, each is told', async () => {
  await using dead = await scriptedMysql();
  const { options } = dead;
  await dead[Symbol.asyncDispose]();
  const both = chooseServer(options, [{ host: options.host, port: 1 }], signal, systemClock);
  await expect(both).rejects.toMatchObject({
    code: 'MYSQL_CONNECT',
    message: expect.stringMatching(new RegExp(`:${options.port}.*; .*:1`)) as string,
  });
});

test('one that cannot be used is passed over; when none can, that is told', async () => {
  await using behind = await scriptedMysql();
  await using fit = await scriptedMysql();
  const { host, port } = fit.options;
  const problemOf = (session: MysqlSession): Promise<TidemarkError | null> => {
    const isFit = session.options.port === port;
    const problem = new TidemarkError('MYSQL_REPLICA_BEHIND', 'it has not applied all yet');
    return Promise.resolve(isFit ? null : problem);
  };
  const all = [{ host, port }];
  const chosen = await chooseServer(behind.options, all, signal, systemClock, problemOf);
  await using _session = chosen.session;
  expect(chosen.connection.port).toBe(port);
  const dead = [{ host, port: 1 }];
  const none = chooseServer(behind.options, dead, signal, systemClock, problemOf);
  await expect(none).rejects.toMatchObject({ code: 'MYSQL_REPLICA_BEHIND' });
});

test('one that refuses the account is not passed over', async () => {
  await using strict = await scriptedMysql({
    login: (peer) => {
      peer.error(1045, 'Access denied');
    },
  });
  await using alive = await scriptedMysql();
  const { host, port } = alive.options;
  const choice = chooseServer(strict.options, [{ host, port }], signal, systemClock);
  await expect(choice).rejects.toMatchObject({ code: 'MYSQL_AUTH' });
});
