/** Part of time, both ends included, that must be folded again from what is stored. */
export interface Span {
  from: number
  to: number
}

const MAX_ASKS = 16

/** Adds a span, joining what touches; beyond 16 the nearest two are joined. */
export const addAsk = (asks: readonly Span[], span: Span): Span[] => {
  let { from, to } = span
  const apart: Span[] = []
  for (const ask of asks) {
    if (ask.to < from || ask.from > to) apart.push(ask)
    else {
      from = Math.min(from, ask.from)
      to = Math.max(to, ask.to)
    }
  }
  apart.push({ from, to })
  apart.sort((a, b) => a.from - b.from)
  if (apart.length <= MAX_ASKS) return apart
  let nearest = 1
  for (let i = 2; i < apart.length; i++) {
    if (apart[i].from - apart[i - 1].to < apart[nearest].from - apart[nearest - 1].to) nearest = i
  }
  apart.splice(nearest - 1, 2, { from: apart[nearest - 1].from, to: apart[nearest].to })
  return apart
}
