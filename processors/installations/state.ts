import type { Span } from '../asks.js'
import type { GridRow } from '../loadcurve/step.js'
import type { Coarse } from './coarse.js'
import type { Share } from './power.js'
import type { Group } from './rules.js'

/** A recent slot: who has said what, until it is told. */
export interface Pending {
  start: number
  shares: { [series: string]: Share }
  told: Group[]
}

/** Of one installation; plain JSON. */
export interface InstallationState {
  installation: string
  source: string
  rev: number
  knownAt: number
  /** What ends by then takes the way of history; UTC ms. */
  horizon: number
  /** By start. */
  pending: Pending[]
  /** Longer slots that are not over. */
  open: Coarse[]
  /** Quarter of an hour up to which open slots were told last. */
  toldAt: number
  asks: Span[]
}

export const initialInstallation = (installation: string): InstallationState => ({
  installation,
  source: '',
  rev: 0,
  knownAt: 0,
  horizon: Number.MIN_SAFE_INTEGER,
  pending: [],
  open: [],
  toldAt: 0,
  asks: []
})

/** Rows to be sent, by grid and register. */
export type Rows = Map<string, GridRow[]>

export const placeOf = (grid: string, register: string): string => `${grid} ${register}`

export const addRow = (rows: Rows, grid: string, register: string, row: GridRow): void => {
  const place = placeOf(grid, register)
  const list = rows.get(place)
  if (list === undefined) rows.set(place, [row])
  else list.push(row)
}

export interface Stepped {
  state: InstallationState
  rows: Rows
}
