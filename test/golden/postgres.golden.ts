// `npm run test:golden -- postgres [scenario …]`: what our daemon writes beside what was recorded.
import { POSTGRES_DEFECTS } from '../support/golden-defects.ts';
import { reportGolden } from '../support/golden-report.ts';
import { runGoldenScenarios } from '../support/golden-run.ts';

await reportGolden({ family: 'postgres', defects: POSTGRES_DEFECTS, run: runGoldenScenarios });
