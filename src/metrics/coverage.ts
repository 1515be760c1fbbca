/** What was not assessed stands beside every figure: a detector that passes on hard clips looks better than it is. */
import { auc } from './roc.ts';

export interface Assessed {
  /** 1 manipulated, 0 real. */
  label: number;
  /** Probability of manipulated; `undefined` where the item is not assessable. */
  score: number | undefined;
}

export interface Coverage {
  items: number;
  notAssessable: number;
  /** Share of the items that have no score, 0 to 1. */
  notAssessableShare: number;
  /** The same by class: a gap between the two is itself a finding. `undefined` without items of the class. */
  notAssessableReal: number | undefined;
  notAssessableManipulated: number | undefined;
}

/** `undefined` without items. */
export function coverage(items: readonly Assessed[]): Coverage | undefined {
  if (items.length === 0) return undefined;
  const missing = (label?: number) => {
    const among = items.filter((item) => label === undefined || item.label === label);
    const without = among.filter((item) => item.score === undefined).length;
    return { without, share: among.length === 0 ? undefined : without / among.length };
  };
  const all = missing();
  return {
    items: items.length,
    notAssessable: all.without,
    notAssessableShare: all.without / items.length,
    notAssessableReal: missing(0).share,
    notAssessableManipulated: missing(1).share,
  };
}

export interface ImputedAuc {
  /** Says in the figure's own name what was done. */
  label: 'AUC, not assessable imputed at 0.5';
  value: number;
  imputed: number;
}

/**
 * AUC with 0.5 in place of missing scores, as the field's evaluations do (Self-Blended Images scores any failure so):
 * for comparison only, never beside an unlabelled AUC. `undefined` where a class is absent.
 */
export function aucImputed(items: readonly Assessed[]): ImputedAuc | undefined {
  const value = auc({
    labels: items.map(({ label }) => label),
    scores: items.map(({ score }) => score ?? 0.5),
  });
  if (value === undefined) return undefined;
  const imputed = items.filter(({ score }) => score === undefined).length;
  return { label: 'AUC, not assessable imputed at 0.5', value, imputed };
}

/** AUC of the assessed items alone; `undefined` where one of their classes is absent. */
export function aucAssessed(items: readonly Assessed[]): number | undefined {
  const assessed = items.filter((item): item is Assessed & { score: number } => item.score !== undefined);
  return auc({
    labels: assessed.map(({ label }) => label),
    scores: assessed.map(({ score }) => score),
  });
}
