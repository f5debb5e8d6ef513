import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfHeldTables } from './sink-contract-of-held-tables.ts';

contractOfHeldTables(duckdbSinkTarget);
