import type { NewRecord } from '../infra/log.js'
import type { Store } from '../infra/store.js'
import type { Point } from '../schemas/generated.js'
import type { Records, Wire } from '../schemas/wire.js'
import type { Span } from './asks.js'
import type { Where } from './energy/step.js'

/** What every state of a series has, whatever the fold. */
export interface SeriesState {
  source: string
  knownAt: number
  asks: Span[]
}

export type Output = NewRecord & { topic: string }

export interface Folded<State> {
  state: State
  outputs: Output[]
}

/**
 * A fold over the blocks of each series, with a way for history. Everything but `refold` is pure; `refold` reads the store and
 * nothing else. The runner (run.ts) owns batches, states, commits, asks and heartbeats.
 */
export interface Fold<Name extends 'Readings' | 'Intervals', State extends SeriesState, Rules> {
  /** Name of the consumer group, and of the room in messages. */
  name: string
  input: Name
  /** Topics it reads besides the registry, most urgent first. */
  inputs(sources: readonly string[]): string[]
  /** Topics it writes; the store must have them before history is read. */
  outputs: string[]
  initial(point: string, register: string): State
  /** A state as it is stored. */
  keep(state: State): Buffer
  /** A state that was stored, by this version or an earlier one. */
  resume(bytes: Buffer): State
  /** The registry's rows of a point, as rules for one register of it. */
  resolve(rows: readonly Point[], point: string, register: string): Rules
  /** What of the rules holds at all times, whatever the row's validFrom (a zone): when it changes, everything is folded again. */
  always(rules: Rules): string
  /** Blocks that do not concern the fold (a gauge, for energy). */
  ignores(block: Records[Name]): boolean
  step(wire: Wire, state: State, block: Records[Name], where: Where, rules: Rules): Folded<State>
  beat(wire: Wire, state: State, at: number, partition: number, rules: Rules): Folded<State>
  /** Event time at which a heartbeat changes the state; infinite when none does. */
  due(state: State, rules: Rules): number
  refold(wire: Wire, store: Store, state: State, ask: Span, partition: number, rules: Rules, beatAt: number): Promise<Folded<State>>
  /** Newest event time the state knows, for asks that reach to the present; null when it knows nothing. */
  newest(state: State): number | null
  /** The heartbeat as the next fold reads it; null when nobody follows. */
  passOn(wire: Wire, source: string, at: number): Output | null
}
