/** The answers of the API that the page reads (/openapi.json has all of them). Instants are ISO 8601 UTC, energy is integers in milli-units. */

export interface Session {
  name: string
  role: 'admin' | 'reader' | 'device'
  expiresAt: string | null
  demo: boolean
  version: string
}

export interface RegisterInfo {
  register: string
  source: string
  unit: string
  kind: string
  device: string
  first: string | null
  last: string | null
  latest: { at: string; value: string | null; quality: string } | null
}

export interface PointInfo {
  id: string
  name: string
  zone: string
  registers: RegisterInfo[]
}

/** A slot of a load curve; on the grid `intervals`, a fact between two readings, with `op` and `rule`. */
export interface SeriesRow {
  start: string
  end: string
  milli: number
  kwh: string | null
  quality: string
  power: number | null
  completeness?: number
  coveredMs?: number
  estimatedMs?: number
  op?: 'put' | 'unknown'
  rule?: string
  low?: number
  high?: number | null
}

export interface Series {
  point: string
  register: string
  unit: string
  zone: string
  grid: string
  from: string
  to: string
  summary: {
    milli: number
    kwh: string | null
    unit: string
    completeness: number
    coveredMs: number
    estimatedMs: number
    quality: string | null
  }
  gaps: { start: string; end: string }[]
  rows: SeriesRow[]
}

/** Slots with format=columns: an array a field, instants in UTC ms, the quality as its index in schemas/quality.ts. */
export interface SeriesColumns extends Omit<Series, 'rows'> {
  columns: Record<'start' | 'end' | 'milli' | 'quality' | 'coveredMs' | 'estimatedMs', number[]>
}

export interface RejectExample {
  line: number
  field: string
  expected: string
  found: string
  advice: string
}

export interface UploadSummary {
  origin: string
  name: string
  source: string
  readings: number
  rejects: { reason: string; count: number; examples: RejectExample[] }[]
  already: boolean
  touched: { point: string; register: string; from: string; to: string }[]
}

/** What could not be read, as it was set aside. */
export interface Reject extends RejectExample {
  source: string
  origin: string
  name: string
  reason: string
  ingestedAt: string
}

/** What our rules make of the golden traces, and what others do. */
export interface Rules {
  others: string[]
  traces: {
    name: string
    readings: { minute: number; kwh: string; device: string }[]
    ours: { milli: number; kwh: string; tail: boolean; rules: { rule: string; sentence: string }[]; suspects: string[] }
    others: { name: string; milli: number; kwh: string }[]
  }[]
}

export interface Compared {
  point: string
  register: string
  unit: string
  from: string
  to: string
  readings: number
  ours: { milli: number; kwh: string | null; tail: boolean; rules: string[] }
  others: { name: string; milli: number; kwh: string | null }[]
  dips: { at: string; value: string; unit: string; suspect: string | null }[]
}

interface Figure {
  milli: number
  kwh: string | null
  quality: string
}

export interface Changes {
  since: string
  changes: {
    point: string
    name: string
    register: string
    unit: string
    day: string
    end: string
    before: Figure
    /** Null: taken back. */
    after: Figure | null
    revisedAt: string
    why: string[]
  }[]
  arrived: {
    point: string
    name: string
    register: string
    unit: string
    days: number
    from: string
    to: string
    milli: number
    kwh: string | null
  }[]
  /** Of all that was found, shown or not. */
  totals: { changes: number; points: number; arrived: { series: number; days: number } }
  more: boolean
}

/** How complete each register is, day by day; the worst first. */
export interface Completeness {
  /** Local dates, `2023-10-01`; of every series, in its own zone. */
  days: string[]
  series: {
    point: string
    name: string
    register: string
    unit: string
    zone: string
    /** Share, 0 to 1. */
    completeness: number
    missingMs: number
    missingDays: number
    partialDays: number
    silent: boolean
    last: string | null
    /** Share of each day; null: not alive, still to come, or not open. */
    days: (number | null)[]
  }[]
  totals: { series: number; complete: number; partial: number; silent: number; missingMs: number }
  more: boolean
}

/** An installation or group that is open to the visitor. */
export interface Home {
  id: string
  /** Its caption. */
  name: string
  zone: string
  /** The point whose series are its power. */
  point: string
}

/** How a Fluksometer sensor is doing that is asked for over HTTP. */
export interface SensorInfo {
  sensor: string
  point: string
  state: string
  detail: string
  since: string
  askedAt: string | null
}
