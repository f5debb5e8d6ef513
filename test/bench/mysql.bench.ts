// `npm run bench -- mysql [--server 8.0] [--rows N] [--latency-rows N]
// [--only ours,debezium,maxwell] [--json]`; PEERS=<folder> adds Debezium, tuned, and Maxwell in the
// same run. Maxwell reads no newer server than 8.0.
import { benchBinlogs } from './binlog-families.ts';

await benchBinlogs('mysql', '8.0');
