import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfTrouble } from './sink-contract-of-trouble.ts';

// Read-only servers stand in unfriendly-target: what is read-only there is all of the server.
describeMysqlTargets(() => {
  contractOfTrouble({
    make: () => mysqlSinkTarget(),
    patient: 'SET SESSION innodb_lock_wait_timeout = 60',
    waits: `SELECT 1 FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST
        ON trx_mysql_thread_id = ID WHERE trx_state = 'LOCK WAIT' AND DB = DATABASE()`,
    // What the server says when a tablespace cannot grow.
    fill: [
      `CREATE TRIGGER full_disk BEFORE UPDATE ON counters FOR EACH ROW
         SIGNAL SQLSTATE 'HY000'
           SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table ''counters'' is full'`,
    ],
    free: 'DROP TRIGGER full_disk',
    said: { slow: /Lock wait timeout/, deadlock: /Deadlock found/, full: /is full/ },
  });
});
