import type { NewRecord } from '../infra/log.js'
import type { Store } from '../infra/store.js'
import type { AlertCommand, Point } from '../schemas/generated.js'
import { Topics } from '../schemas/topics.js'
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

/** Blocks that folds take, by record name. */
export type Input = 'Readings' | 'Intervals' | 'Slots'

/** What people enter about the things that folds keep states of, and where every version of it is. */
export const REGISTRY = { Point: Topics.registryPoints, Installation: Topics.registryInstallations } as const
export type Entry = keyof typeof REGISTRY

/** Of a point and one of its registers. */
export const seriesKey = (point: string, register: string): string => `${point}\u0000${register}`

export interface Folded<State> {
  state: State
  outputs: Output[]
}

/**
 * A fold over the blocks of each series (of a point's register, or of an installation), with a way for history. Everything but `refold` is pure; `refold` reads the store and
 * nothing else. The runner (run.ts) owns batches, states, commits, asks and heartbeats.
 */
export interface Fold<Name extends Input, State extends SeriesState, Rules, About extends Entry = 'Point'> {
  /** Name of the consumer group, and of the room in messages. */
  name: string
  input: Name
  /** Topics it reads besides the registry, most urgent first. */
  inputs(sources: readonly string[]): string[]
  /** Topics it writes; the store must have them before history is read. */
  outputs: string[]
  /** Whose registry rows its rules come from. */
  about: About
  /** The series of a block, `subject` and `register` as in `seriesKey`; `recordKey`: that of the record it came in. */
  keyOf(block: Records[Name], recordKey: string): string
  /** The point or installation that a registry row is about. */
  subjectOf(row: Records[About]): string
  /** The earliest instant at which a row, together with those before it, may change what was folded. */
  sinceOf(row: Records[About], all: readonly Records[About][]): number
  /** The series that a row begins by itself, before anything of it was read; null: none. */
  begins(row: Records[About]): string | null
  initial(subject: string, register: string): State
  /** A state as it is stored. */
  keep(state: State): Buffer
  /** A state that was stored, by this version or an earlier one. */
  resume(bytes: Buffer): State
  /** The registry's rows of a subject, as rules for one register of it. */
  resolve(rows: readonly Records[About][], subject: string, register: string): Rules
  /** What of the rules holds at all times, whatever the row's validFrom (a zone): when it changes, everything is folded again. */
  always(rules: Rules): string
  /** Blocks that do not concern the fold (a gauge, for energy). */
  ignores(block: Records[Name]): boolean
  step(wire: Wire, state: State, block: Records[Name], where: Where, rules: Rules): Folded<State>
  beat(wire: Wire, state: State, at: number, partition: number, rules: Rules): Folded<State>
  /** Somebody acknowledges an alert of the subject; absent where there are none. */
  command?(wire: Wire, state: State, command: AlertCommand, rules: Rules): Folded<State>
  /** Event time at which a heartbeat changes the state; infinite when none does. */
  due(state: State, rules: Rules): number
  refold(wire: Wire, store: Store, state: State, ask: Span, partition: number, rules: Rules, beatAt: number): Promise<Folded<State>>
  /** Newest event time the state knows, for asks that reach to the present; null when it knows nothing. */
  newest(state: State): number | null
  /** The heartbeat as the next fold reads it; null when nobody follows. */
  passOn(wire: Wire, source: string, at: number): Output | null
}

/** Of folds whose series are those of points. */
export const ofPoints = {
  about: 'Point',
  subjectOf: ({ point }: Point) => point,
  // Devices are told whole, with all that was known before.
  sinceOf: ({ validFrom }: Point, all: readonly Point[]) =>
    Math.min(validFrom, ...all.flatMap(({ devices }) => devices.map(({ from }) => from))),
  begins: () => null
} as const
