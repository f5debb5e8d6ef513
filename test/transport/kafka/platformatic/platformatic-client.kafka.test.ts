import { openPlatformaticClient } from '../../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { clientContract } from '../client-contract.ts';

clientContract('@platformatic/kafka', openPlatformaticClient);
