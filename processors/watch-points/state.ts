import { type Desk, emptyDesk } from '../alerts/desk.js'

/** What is kept of one register that reports by itself. */
export interface Heard {
  kind: string
  /** Newest reading, UTC ms. */
  at: number
  /** What it shows, thousandths of the ledger's unit; since when, and in how many readings, it has shown that. */
  value: number
  since: number
  count: number
  /** What passed since, by power or by the tariff registers beside it, mWh. */
  fed: number
}

/** Of one subject: a point, a payload that was rejected, a source. Plain JSON. */
export interface WatchState {
  subject: string
  source: string
  rev: number
  knownAt: number
  /** Up to when its alerts have been looked at. */
  now: number
  registers: { [register: string]: Heard }
  /** Newest power, mW; below 0 is fed in. */
  power: { at: number; milli: number } | null
  /** By register, whether the newest samples of its clock were off; absent: none was. */
  drift: { [register: string]: boolean[] }
  /** Of a payload, what is rejected of it, each by name, line and field. */
  open: string[]
  /** By rule and register, `rule|register`. */
  desks: { [key: string]: Desk }
}

export const initialWatch = (subject: string): WatchState => ({
  subject,
  source: '',
  rev: 0,
  knownAt: 0,
  now: 0,
  registers: {},
  power: null,
  drift: {},
  open: [],
  desks: {}
})

export const deskKey = (rule: string, register: string): string => `${rule}|${register}`

export const deskOf = (state: WatchState, rule: string, register: string): Desk => state.desks[deskKey(rule, register)] ?? emptyDesk()

/** A copy whose registers and desks may be replaced. */
export const ownWatch = (state: WatchState): WatchState => ({ ...state, registers: { ...state.registers }, desks: { ...state.desks } })
