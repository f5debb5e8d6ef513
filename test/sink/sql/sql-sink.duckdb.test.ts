import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfRows } from './sink-contract-of-rows.ts';

contractOfRows(duckdbSinkTarget);
