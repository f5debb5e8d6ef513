/** `npm run docs`: writes the generated parts of the README, and the JSON Schema. */
import { writeFileSync } from 'node:fs';
import { referenceFiles } from './reference-files.ts';

for (const { file, wanted } of await referenceFiles()) writeFileSync(file, wanted);
