import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfShadows } from './sink-contract-of-shadows.ts';

contractOfShadows(sqliteSinkTarget);
