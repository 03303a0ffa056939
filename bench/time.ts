import { median } from './figure.js'

export interface Effort {
  /** Measured rounds, each of at least `roundMs`. */
  rounds: number
  roundMs: number
}

/** Of a process, from the end of its warm-up until all its work was done. */
export interface Spent {
  seconds: number
  cpuSeconds: number
}

/**
 * Milliseconds of CPU time of one call of each piece of work, the median of several rounds: what a core of its own would take, also
 * where other programs want it too. Rounds go in turn, so that a slow moment of the machine meets a figure and its peer alike.
 */
export const timeBeside = async (effort: Effort, works: readonly (() => unknown)[]): Promise<number[]> => {
  const rounds: number[][] = works.map(() => [])
  for (const work of works) await oneRound(work, effort.roundMs) // warm
  for (let i = 0; i < effort.rounds; i++) for (const [k, work] of works.entries()) rounds[k].push(await oneRound(work, effort.roundMs))
  return rounds.map(median)
}

const oneRound = async (work: () => unknown, roundMs: number): Promise<number> => {
  const began = process.cpuUsage()
  let calls = 0
  for (;;) {
    const result = work()
    if (result instanceof Promise) await result
    calls++
    const { user, system } = process.cpuUsage(began)
    const ms = (user + system) / 1000
    if (ms >= roundMs) return ms / calls
  }
}
