import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfOptions } from './sink-contract-of-options.ts';

contractOfOptions(duckdbSinkTarget);
