import type { Completeness } from '../answers.js'
import { thousands } from '../files/words.js'
import { percent, span } from '../format.js'

export type Kind = 'full' | 'part' | 'none'

export const kindOf = (share: number): Kind => (share >= 1 ? 'full' : share > 0 ? 'part' : 'none')

/** What is missing of a day. */
export const shareText = (share: number): string =>
  ({ full: 'complete', part: `${percent(1 - share)} missing`, none: 'nothing is there' })[kindOf(share)]

/** "3 days and parts of 2 days missing, 76 h together". */
export const missingText = ({
  missingMs,
  missingDays,
  partialDays
}: Pick<Completeness['series'][number], 'missingMs' | 'missingDays' | 'partialDays'>): string => {
  if (missingMs === 0) return 'complete'
  const daysText = (days: number) => (days === 1 ? '1 day' : `${days} days`)
  const whole = missingDays === 0 ? [] : [daysText(missingDays)]
  const parts = partialDays === 0 ? [] : [`${partialDays === 1 ? 'a part' : 'parts'} of ${daysText(partialDays)}`]
  const together = partialDays === 0 ? '' : `, ${span(missingMs)} together`
  return `${[...whole, ...parts].join(' and ')} missing${together}`
}

/** "31 of 32 registers are complete in October 2023; 1 misses 12 h." */
export const sentenceOf = ({ complete, partial, missingMs }: Completeness['totals'], month: string): string => {
  const alive = complete + partial
  if (alive === 0) return `Nothing was heard of any register in ${month}.`
  if (alive === 1) return `The one register ${partial === 0 ? 'is complete' : `misses ${span(missingMs)}`} in ${month}.`
  if (partial === 0) return `All ${thousands(alive)} registers are complete in ${month}.`
  const told = complete === 0 ? 'None' : thousands(complete)
  const miss = partial === 1 ? `1 misses ${span(missingMs)}` : `${thousands(partial)} miss ${span(missingMs)} together`
  return `${told} of ${thousands(alive)} registers ${complete === 1 ? 'is' : 'are'} complete in ${month}; ${miss}.`
}

/** Registers of which nothing has come since before the month. */
export const silentText = (silent: number, month: string): string =>
  `${thousands(silent)} ${silent === 1 ? 'has' : 'have'} been silent since before ${month}.`
