import type { StoredGrid } from '../../schemas/grid.js'
import type { Slot } from '../../schemas/gridding.js'
import type { Span } from '../asks.js'

/** Of one point and register; plain JSON. */
export interface CurveState {
  point: string
  register: string
  unit: string
  source: string
  /** Length of the source's own intervals, ms; 0 between register readings. */
  native: number
  rev: number
  knownAt: number
  /** End of the newest row taken in; whatever starts before it takes the way of history. */
  end: number | null
  /** Slots not yet reached to their end. */
  open: { [Name in StoredGrid]?: Slot }
  /** UTC minute in which the open slots last went out. */
  sentMinute: number
  /** The open slots hold more than what went out. */
  unsent: boolean
  asks: Span[]
}

export const initialCurve = (point: string, register: string): CurveState => ({
  point,
  register,
  unit: '',
  source: '',
  native: 0,
  rev: 0,
  knownAt: 0,
  end: null,
  open: {},
  sentMinute: 0,
  unsent: false,
  asks: []
})
