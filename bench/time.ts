import { median } from './figure.js'

export interface Effort {
  /** Measured rounds, each of at least `roundMs`. */
  rounds: number
  roundMs: number
}

/**
 * Milliseconds of one call of each piece of work, the median of several rounds. Rounds go in turn, so that a slow moment of the
 * machine meets a figure and its peer alike.
 */
export const timeBeside = async (effort: Effort, works: readonly (() => unknown)[]): Promise<number[]> => {
  const rounds: number[][] = works.map(() => [])
  for (const work of works) await oneRound(work, effort.roundMs) // warm
  for (let i = 0; i < effort.rounds; i++) for (const [k, work] of works.entries()) rounds[k].push(await oneRound(work, effort.roundMs))
  return rounds.map(median)
}

const oneRound = async (work: () => unknown, roundMs: number): Promise<number> => {
  const began = performance.now()
  let calls = 0
  do {
    const result = work()
    if (result instanceof Promise) await result
    calls++
  } while (performance.now() - began < roundMs)
  return (performance.now() - began) / calls
}
