import type { Span } from '../asks.js'

/** A register reading that was believed, in thousandths of the series' unit. */
export interface Accepted {
  at: number
  value: number
  device: string
  quality: number
  topic: string
  offset: number
  /** Since when, and in how many readings, the register has shown this value. */
  since: number
  count: number
  /** Travel since the factor in force became valid, before the factor; 0 without a factor. */
  travel: number
}

/** Readings held until a later one decides what they were: those of one value, or what a long fall was joined into. */
export interface Run {
  at: number
  until: number
  count: number
  value: number
  /** q of the rules: smallest change the source can show. */
  step: number
  device: string
  quality: number
  topic: string
  offset: number
  untilTopic: string
  untilOffset: number
  line: number
}

/** The newest row seen, believed or not. */
export interface Seen {
  at: number
  span: number
  value: number
  device: string
  quality: number
  curve: string
  revision: number
  parserVersion: number
}

/** Of one point and register; plain JSON, under 1 KB between steps. */
export interface EnergyState {
  point: string
  register: string
  source: string
  unit: string
  native: number
  /** Revision of the last block that went out. */
  rev: number
  knownAt: number
  /** Whatever is older than this takes the way of history. */
  last: Seen | null
  /** End of the newest row of a load curve. */
  end: number | null
  prev: Accepted | null
  /** Believed readings that were lower than their successors, newest last: p of rule 5, and those before it. */
  lowers: Accepted[]
  pending: Run[]
  held: '' | 'down' | 'up'
  /** Where the rows of an undecided case that went out provisionally start; null when none did. */
  provisionalFrom: number | null
  asks: Span[]
  dips: number
  superseded: number
}

export const initialState = (point: string, register: string): EnergyState => ({
  point,
  register,
  source: '',
  unit: '',
  native: 0,
  rev: 0,
  knownAt: 0,
  last: null,
  end: null,
  prev: null,
  lowers: [],
  pending: [],
  held: '',
  provisionalFrom: null,
  asks: [],
  dips: 0,
  superseded: 0
})

export const KEPT_LOWERS = 4

/** The state as it is stored: nothing that a long block made it remember. */
export const compact = (state: EnergyState): EnergyState =>
  state.lowers.length > KEPT_LOWERS ? { ...state, lowers: state.lowers.slice(-KEPT_LOWERS) } : state
