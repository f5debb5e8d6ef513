import type { ServerSettings } from '../../src/demo/mysql-programs.ts';
import type { MysqlServer } from './mysql-server.ts';
import { startServer } from './mysql-server.ts';

/** A server of the same series that follows the other by GTID, and logs what it applies. */
export async function replicaOf(
  source: MysqlServer,
  settings: ServerSettings = {},
): Promise<MysqlServer> {
  const { series, flavor, host, port, user, password } = source;
  const isNewest = series === '9.7';
  const replica = await startServer(series, {
    password,
    settings: { 'log-slave-updates': true, ...settings },
  });
  const of = isNewest ? 'SOURCE' : 'MASTER';
  const position = flavor === 'mariadb' ? 'MASTER_USE_GTID=slave_pos' : `${of}_AUTO_POSITION=1`;
  const encrypted = series === '8.0' ? ', GET_MASTER_PUBLIC_KEY=1' : '';
  await replica.query(
    `CHANGE ${isNewest ? 'REPLICATION SOURCE' : 'MASTER'} TO ${of}_HOST='${host}', ` +
      `${of}_PORT=${port}, ${of}_USER='${user}', ${of}_PASSWORD='${password}', ${position}` +
      (isNewest ? ', GET_SOURCE_PUBLIC_KEY=1' : encrypted),
  );
  await replica.query(`START ${wordFor(replica)}`);
  return replica;
}

/** It goes on alone, as after a promotion: what the other still writes does not come. */
export async function stopReplica(replica: MysqlServer): Promise<void> {
  await replica.query(`STOP ${wordFor(replica)}`);
}

/** It goes on receiving, and applies nothing: it lags. */
export async function stopApplying(replica: MysqlServer): Promise<void> {
  await replica.query(`STOP ${wordFor(replica)} SQL_THREAD`);
}

/** It applies what it has received. */
export async function startApplying(replica: MysqlServer): Promise<void> {
  await replica.query(`START ${wordFor(replica)} SQL_THREAD`);
}

/** How far it has received the binlog of its source, in that one's files. */
export async function receivedBy(
  replica: MysqlServer,
): Promise<{ readonly file: string; readonly pos: number }> {
  const [row] = await replica.query(`SHOW ${wordFor(replica)} STATUS`);
  const value = (name: RegExp): unknown =>
    Object.entries(row ?? {}).find(([key]) => name.test(key))?.[1];
  return {
    file: String(value(/^(Source|Master)_Log_File$/)),
    pos: Number(value(/^Read_(Source|Master)_Log_Pos$/)),
  };
}

function wordFor({ series }: MysqlServer): string {
  return series === '9.7' ? 'REPLICA' : 'SLAVE';
}
