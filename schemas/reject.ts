import type { Reject } from './generated.js'

/** The reason of a reject that is none any more: the same bytes were read again. It stays, unseen, so that an older one does not return. */
export const RESOLVED = 'resolved'

export const isOpen = ({ reason }: Pick<Reject, 'reason'>): boolean => reason !== RESOLVED

/** Of two of one identity: above 0 when `a` counts. 0: they are equally good. */
export const precedence = (a: Reject, b: Reject): number =>
  a.parserVersion - b.parserVersion || a.ingestedAt - b.ingestedAt || Number(isOpen(b)) - Number(isOpen(a))

/** The reject as it is told when the present parser of `source` reads the line. */
export const resolved = (reject: Reject, source: string, parserVersion: number): Reject => ({
  ...reject,
  source,
  parserVersion: Math.max(reject.parserVersion, parserVersion),
  reason: RESOLVED,
  expected: '',
  found: '',
  advice: ''
})
