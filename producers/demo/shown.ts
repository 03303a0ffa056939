import type { Register } from './register.js'

/** A figure that a meter shows (or, of an hourly meter, sends) at an instant, in the steps it counts in. */
export interface Shown {
  at: number
  value: number
}

/** What a meter shows in (from, to], oldest first, told when `to` is now. */
export type Shows = (from: number, to: number) => Iterable<Shown>

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Nobody keeps every eight seconds of a month: what is older than that when it is sent comes in coarser steps. */
const COARSER = [
  { olderThanMs: 24 * HOUR, everyMs: 15 * MINUTE },
  { olderThanMs: 2 * HOUR, everyMs: MINUTE }
]

function* every(from: number, to: number, stepMs: number, phaseMs = 0): Generator<number> {
  for (let at = (Math.floor((from - phaseMs) / stepMs) + 1) * stepMs + phaseMs; at <= to; at += stepMs) yield at
}

/** Instants in (from, to], of which `native` knows the newest two hours. */
function* thinned(from: number, to: number, native: (from: number, to: number) => Iterable<number>): Generator<number> {
  let at = from
  for (const { olderThanMs, everyMs } of COARSER) {
    const until = to - olderThanMs
    if (until <= at) continue
    yield* every(at, until, everyMs)
    at = until
  }
  yield* native(at, to)
}

function* valued(instants: Iterable<number>, valueAt: (at: number) => number): Generator<Shown> {
  for (const at of instants) yield { at, value: valueAt(at) }
}

/** A clamp: its register every so often. */
export const sampled =
  (valueAt: (at: number) => number, stepMs: number, phaseMs = 0): Shows =>
  (from, to) => {
    const native = (since: number, until: number) => every(since, until, stepMs, phaseMs)
    return valued(thinned(from, to, native), valueAt)
  }

/** A pulse counter: its register whenever it has counted another `stepMilli`. */
export const pulsed = (register: Register, stepMilli: number): Shows => {
  const count = (at: number) => Math.floor(register.at(at) / stepMilli)
  function* pulses(from: number, to: number): Generator<number> {
    let counted = count(from)
    let at = register.reaches(++counted * stepMilli, from, to)
    while (at !== null) {
      yield at
      at = register.reaches(++counted * stepMilli, at, to)
    }
  }
  return (from, to) => valued(thinned(from, to, pulses), count)
}

/** An hourly meter: what each hour took. */
export const hourly =
  (register: Register, stepMilli: number): Shows =>
  (from, to) =>
    valued(every(from, to, HOUR), (end) => {
      const before = Math.floor(register.at(end - HOUR) / stepMilli)
      return Math.floor(register.at(end) / stepMilli) - before
    })
