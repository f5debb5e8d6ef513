import { duckdbSinkTarget } from '../support/sink-target.ts';
import { contractOfFileChecks } from './check-contract-of-files.ts';

contractOfFileChecks('duckdb', duckdbSinkTarget);
