/** The answer of /v1/explain, as far as the page tells it. Instants are ISO 8601 UTC, energy is integers in milli-units. */

export interface ExplainedReading {
  stored: boolean
  at: string
  value: string
  unit: string
  curve?: string
  device?: string
  source?: string
  file?: string | null
  line?: number | null
  /** SHA-256 of the raw bytes it came in. */
  origin?: string
  receivedAt?: string
}

export interface Suspect {
  at: string
  until: string
  count: number
  value: string
  unit: string
  reason: string
  detail: string
}

export interface Revision {
  rev: number
  knownAt: string
  op: 'put' | 'withdrawn' | 'unknown'
  milli: number
  quality: string
}

export interface ExplainedInterval {
  clipped: false
  start: string
  end: string
  milli: number
  /** The part that lies in the slot; absent when no slot was asked for. */
  inSlot?: number
  low: number
  high: number | null
  quality: string
  op: 'put' | 'unknown'
  rules: { rule: string; sentence: string }[]
  ruleVersion: number
  rev: number
  knownAt: string
  from: ExplainedReading | null
  to: ExplainedReading | null
  factor: { applied: string; travel: string } | null
  suspects: Suspect[]
  revisions: Revision[]
  settings: { registered: boolean; validFrom: string | null; knownAt: string | null }
}

/** Of an interval that reaches into time which is not open, only its part in the slot is told. */
export interface ClippedInterval {
  clipped: true
  quality: string
  op: 'put' | 'unknown'
  inSlot?: number
}

export interface Explanation {
  point: string
  register: string
  unit: string
  zone: string
  grid: string
  start: string
  end: string
  figure: { milli: number; quality: string; completeness: number; coveredMs: number; estimatedMs: number } | null
  sum: { milli: number }
  count: number
  explained: number
  intervals: (ExplainedInterval | ClippedInterval)[]
}
