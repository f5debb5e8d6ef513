// `npm run bench -- mariadb [--server 11.4] [--rows N] [--latency-rows N] [--only ours,debezium]
// [--json]`; PEERS=<folder> adds Debezium, tuned, in the same run.
import { benchBinlogs } from './binlog-families.ts';

await benchBinlogs('mariadb', '11.4');
