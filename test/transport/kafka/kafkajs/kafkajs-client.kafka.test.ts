import { openKafkajsClient } from '../../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { clientContract } from '../client-contract.ts';

clientContract('kafkajs', openKafkajsClient);
