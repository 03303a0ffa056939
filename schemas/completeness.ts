/**
 * How complete a slot is, 0 to 1 in millionths: accepted readings of those expected, or covered time of all where nobody has registered
 * how many there should be (`expected` -1).
 */
export const completeness = (expected: number, received: number, coveredMs: number, lengthMs: number): number =>
  share(expected > 0 ? received / expected : coveredMs / lengthMs)

export const share = (ratio: number): number => Math.min(1, Math.round(ratio * 1e6) / 1e6)
