/** The answers of the API that the page reads (/openapi.json has all of them). Instants are ISO 8601 UTC, energy is integers in milli-units. */

/** What of a request is wrong, and where. */
export interface Issue {
  path: string
  message: string
}

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

/** How complete the members of installations are, day by day; the worst first. */
export interface MemberDays {
  days: string[]
  members: (Omit<Completeness['series'][number], 'unit' | 'silent'> & { label: string; device: string; installations: string[] })[]
  totals: { members: number; complete: number; missing: number; missingMs: number }
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
  /** For administrators: what it is made of, by validFrom. */
  versions?: HomeVersion[]
}

export interface HomeVersion {
  validFrom: string
  name: string
  latitude: number | null
  longitude: number | null
  members: HomeMember[]
}

export interface HomeMember {
  point: string
  register: string
  /** Factors: -1, 0 or 1. */
  tot: number
  prod: number
  ve: number
  cons: number
  /** What it measures; an export ends in a dash. */
  label: string
  device: string
  startDate: string
}

/** What a change of installations would do, or did. */
export interface Planned {
  applied: boolean
  changes: {
    installation: string
    validFrom: string
    what: 'added' | 'changed' | 'removed'
    text: string
    fields: { field: string; from: string; to: string }[]
  }[]
  findings: Finding[]
  /** Of a workbook: sensors whose token is new or another, and who may see more. */
  tokens?: number
  people?: { name: string; isNew: boolean; installations: string[]; secret?: string }[]
}

/** What is wrong with what was written, or may be. */
export interface Finding {
  level: 'error' | 'warning'
  tab: string
  /** From 1; 0: no row in particular. */
  row: number
  column: string
  message: string
  mend: string
}

/** How a Fluksometer sensor is doing that is asked for over HTTP. */
export interface SensorInfo {
  sensor: string
  point: string
  state: string
  detail: string
  since: string | null
  askedAt: string | null
  /** Its token is kept where the page can change it. */
  kept: boolean
}

/** Whether sensors are asked for at all, and what to do where they are not. */
export interface SensorsPort {
  asks: 'here' | 'elsewhere' | 'off'
  everyMinutes: number | null
  advice: string | null
}
