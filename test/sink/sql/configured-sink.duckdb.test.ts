import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfHeaderKeys } from './sink-contract-of-header-keys.ts';
import { contractOfOptions } from './sink-contract-of-options.ts';
import { contractOfZones } from './sink-contract-of-zones.ts';

contractOfOptions(duckdbSinkTarget);
contractOfHeaderKeys(duckdbSinkTarget);
contractOfZones(duckdbSinkTarget);
