import type { DemoDatabaseKind } from './demo.ts';
import type { DemoDatabases } from './demo-databases.ts';
import { openDemoDatabases } from './demo-databases.ts';
import type { DemoServer } from './demo-server.ts';
import type { ServerFlavor } from './mysql-programs.ts';

/** What `--database` names. */
export const DEMO_DATABASES = ['postgres', 'mysql', 'mariadb'] as const;
export type DemoDatabaseName = (typeof DEMO_DATABASES)[number];

/** PostgreSQL, which comes with npm. */
export const POSTGRES_DEMO: DemoDatabaseKind<DemoDatabases> = {
  title: 'PostgreSQL',
  folders: { server: 'postgres', log: 'log' },
  open: openDemoDatabases,
};

function binlogDemo(flavor: ServerFlavor, title: string): DemoDatabaseKind<DemoServer> {
  return {
    title: `${title}, which is fetched from Debian the first time`,
    folders: { server: flavor, log: `${flavor}-log` },
    open: async (options) => {
      // Its client and server programs are loaded when wanted.
      const { openMysqlDemo } = await import('./mysql-demo.ts');
      return await openMysqlDemo({ flavor, ...options });
    },
  };
}

/** The server of a demo by its name. */
export function demoDatabase(name: DemoDatabaseName): DemoDatabaseKind<DemoServer> {
  switch (name) {
    case 'postgres':
      return POSTGRES_DEMO;
    case 'mysql':
      return binlogDemo('mysql', 'MySQL');
    case 'mariadb':
      return binlogDemo('mariadb', 'MariaDB');
  }
}
