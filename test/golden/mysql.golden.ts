// `npm run test:golden -- mysql [scenario …]`: what our daemon writes beside what was recorded.
import { BINLOG_DEFECTS } from '../support/golden-binlog-defects.ts';
import { runBinlogGolden } from '../support/golden-binlog-run.ts';
import { reportGolden } from '../support/golden-report.ts';

await reportGolden({
  family: 'mysql',
  defects: BINLOG_DEFECTS,
  run: (scenarios) => runBinlogGolden('mysql', scenarios),
});
