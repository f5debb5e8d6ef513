import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfParking } from './sink-contract-of-parking.ts';

contractOfParking(duckdbSinkTarget);
