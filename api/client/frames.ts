/**
 * The frames of `metering.v1`: what both ends of the socket agree on. Types only, so that a page loads nothing for them.
 * docs/websocket.md says the same in words.
 */
export const PROTOCOL = 'metering.v1'

export type Measure = 'readings' | 'intervals' | 'slots' | 'power' | 'alerts'
export type Op = 'put' | 'withdrawn' | 'unknown'

/** Upsert by (k, s): the higher rev wins, withdrawn removes. */
export interface Row {
  /** Series: `point|register`. */
  k: string
  /** Start and end, UTC ms; a momentary reading has both alike. */
  s: number
  e: number
  /** Amount × 10^-sc of the unit u; null where a reading has no value. */
  v: number | null
  sc: number
  u: string
  /** Quality by name. */
  q: string
  rev: number
  op: Op
  /** Unknown: the least and the most it may be; hi null: nobody knows. */
  lo?: number
  hi?: number | null
  /** Slots: covered and estimated ms. */
  c?: number
  est?: number
  /** Readings: the device, the curve and the words of a state, where the source says them. */
  d?: string
  cv?: string
  w?: string[]
  /** Alerts, whose k is `subject|register|rule`, whose s is since when and whose q is the severity. */
  a?: AlertState
}

/** Instants in UTC ms; schemas/alert.avsc says what each field is. */
export interface AlertState {
  rule: string
  state: string
  at: number
  until: number | null
  threshold: number | null
  text: string
  occurrences: number
  reminders: number
  ackedBy: string
  note: string
  rows: { register: string; start: number; end: number; topic: string; partition: number; offset: number }[]
}

export interface Select {
  points?: '*' | readonly string[]
  installations?: readonly string[]
  group?: string
  registers?: readonly string[]
  measure: Measure
}

/** UTC ms, or ISO 8601 with an offset. */
export type Instant = number | string
export type Beginning = 'latest' | 'snapshot' | { at: Instant }
export type From = Beginning | { cursor: string; otherwise?: Beginning }
export type Policy = 'block' | 'latest'

export interface SubRequest {
  select: Select
  grid?: string
  zone?: string
  from?: From
  policy?: Policy
  credit?: number
}

export interface QueryRequest {
  select: Select
  range: readonly [Instant, Instant]
  grid?: string
  zone?: string
  limit?: number
  page?: string
  as_known_at?: Instant
}

export interface ExplainRequest {
  k: string
  s: Instant
  grid?: string
  zone?: string
  limit?: number
}

export type ClientFrame =
  | { t: 'hello'; id?: number; protocol: string; auth?: { token: string }; client?: string }
  | { t: 'auth.refresh'; id: number; token: string }
  | ({ t: 'sub'; id: number } & SubRequest)
  | { t: 'unsub'; id: number }
  | { t: 'credit'; id: number; n: number }
  | ({ t: 'query'; id: number } & QueryRequest)
  | ({ t: 'explain'; id: number } & ExplainRequest)
  | { t: 'ack'; id: number; alertKey: string; note?: string }
  | { t: 'ping'; id: number }

export type ErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'unknown_channel'
  | 'too_many_subs'
  | 'too_large'
  | 'cursor_expired'
  | 'rate_limited'
  | 'overloaded'
  | 'unsupported'
  | 'internal'

export interface ErrorFrame {
  t: 'error'
  /** Absent: about the connection. */
  id?: number
  code: ErrorCode
  message: string
  retryable: boolean
  retryAfterMs?: number
  issues?: { path: string; message: string }[]
  /** The request or subscription of this id is over; false: the error is about the frame, and what runs under the id goes on. */
  ends: boolean
  /** Where a subscription that ends can be resumed. */
  cursor?: string
}

export interface Welcome {
  t: 'welcome'
  id?: number
  session: string
  limits: Record<string, number>
  serverTime: number
  epoch: string
  /** When the token expires, UTC ms. */
  expiresAt?: number
}

export interface Progress {
  t: 'progress'
  id: number
  /** Event time up to which the sources were listening, or of the newest row; null: nothing yet. */
  watermark: number | null
  completeness: { expected: number; received: number; estimated: number }
  lagMs: number
  cursor?: string
}

export type ServerFrame =
  | Welcome
  | ErrorFrame
  | Progress
  | { t: 'subscribed'; id: number; resumed: boolean; reason?: string }
  | { t: 'snapshot'; id: number; rows: Row[] }
  | { t: 'live'; id: number; cursor: string }
  | { t: 'data'; id: number; rows: Row[]; cursor: string }
  | { t: 'lagging'; id: number; since: number }
  | { t: 'ended'; id: number }
  | { t: 'page'; id: number; rows: Row[]; next?: string }
  | { t: 'explanation'; id: number; explanation: Record<string, unknown> }
  | { t: 'acked'; id: number; alert: Record<string, unknown> }
  | { t: 'auth'; id: number; expiresAt?: number }
  | { t: 'auth.expiring'; expiresAt: number }
  | { t: 'pong'; id: number; serverTime: number }
  | { t: 'draining'; reconnectAfterMs: number }

/** Close codes. A client gives up on 4400, 4401 and 4403, and comes back after all others. */
export const Close = {
  badFrame: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  initTimeout: 4408,
  tooLarge: 4413,
  overloaded: 4429,
  internal: 4500,
  draining: 1001
} as const
