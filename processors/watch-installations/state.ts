import type { Desk } from '../alerts/desk.js'
import type { Span } from '../asks.js'

/** What is known of a local day; amounts in millionths of Wh, `low`, `high` and `night` per slot of eight seconds; null: no such slot. */
export interface Day {
  start: number
  end: number
  /** Slots with a value; of 10 800, 10 350 or 11 250. */
  received: number
  low: number | null
  high: number | null
  night: number | null
  /** What was consumed, and what the clamps of vehicles counted of it. */
  cons: number | null
  ve: number | null
  /** Slots in which vehicles are known. */
  veReceived: number
}

/** Of one installation; plain JSON. */
export interface WatchedInstallation {
  installation: string
  source: string
  rev: number
  knownAt: number
  /** Up to when its days have been judged; UTC ms. */
  now: number
  /** The newest, without a hole, by start; judged or not. */
  days: Day[]
  /** By rule. */
  desks: { [rule: string]: Desk }
  /** None: everything it needs comes by itself. */
  asks: Span[]
}

export const initialWatch = (installation: string): WatchedInstallation => ({
  installation,
  source: '',
  rev: 0,
  knownAt: 0,
  now: 0,
  days: [],
  desks: {},
  asks: []
})
