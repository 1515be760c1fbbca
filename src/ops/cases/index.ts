/** All cases, by the name of the operation or composition. */
import type { CaseTable } from './case.ts';
import { convolutionCases } from './convolutions.ts';
import { normalisationCases } from './normalisation.ts';
import { pointwiseCases } from './pointwise.ts';
import { poolingCases } from './pooling.ts';
import { productCases } from './products.ts';
import { reductionCases } from './reductions.ts';
import { shapeCases } from './shapes.ts';

export const cases: CaseTable = {
  ...pointwiseCases,
  ...reductionCases,
  ...shapeCases,
  ...productCases,
  ...convolutionCases,
  ...poolingCases,
  ...normalisationCases,
};
