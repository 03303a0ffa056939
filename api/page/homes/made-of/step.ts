import type { Issue, Planned } from '../../answers.js'

/** A change on its way: looked at first, then entered. */
export type Step =
  | { is: 'written' }
  | { is: 'looking' }
  | { is: 'seen' | 'entering'; plan: Planned }
  | { is: 'entered'; plan: Planned }
  | { is: 'refused'; message: string; issues: readonly Issue[] }

/** Whether what was seen can be entered. */
export const mayEnter = (step: Step): boolean =>
  step.is === 'seen' &&
  step.plan.findings.every(({ level }) => level !== 'error') &&
  step.plan.changes.length + (step.plan.tokens ?? 0) + (step.plan.people?.length ?? 0) > 0
