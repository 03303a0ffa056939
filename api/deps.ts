import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import type { Archive } from '../infra/archive.js'
import type { Log } from '../infra/log.js'
import type { SensorTokens } from '../infra/sensor-tokens.js'
import type { Store } from '../infra/store.js'
import type { AccessEntry, BrowserSession, Credential, Range } from '../schemas/access.js'
import type { AlertIdentity } from '../schemas/alerts.js'
import type { Installation, Point, Reject, Slots } from '../schemas/generated.js'
import type { Cut } from '../schemas/half-days.js'
import type { LivePorts } from './live/ports.js'
import type { Metrics } from './metrics.js'

/** What the API needs; main.ts puts it together. Nothing here opens a port. */
export interface Deps {
  /** Only what says whether the process is well: for rooms that nobody asks for figures. */
  healthOnly?: boolean
  store: Store
  log: Pick<Log, 'status' | 'ends'>
  access: Access
  registry: RegistryPort
  installations: InstallationsPort
  /**
   * Reads a file into the ledger; resolves when its readings are stored. Rejects with `Refused` when no source knows such a file,
   * with `Unavailable` when it cannot be stored now, and with the stream's own error when the body breaks off or is too large:
   * then nothing of it may be appended.
   */
  upload(body: Readable, name: string): Promise<UploadSummary>
  /** The bytes of what was read, as they came. */
  raw: Pick<Archive, 'get' | 'open'>
  maintenance: Maintenance
  alerts: AlertsPort
  rejected: Rejected
  /** The golden traces with what each makes of them. */
  rules(): GoldenRules
  compare: Compare
  checkDays: CheckDays
  explainSlots: ExplainSlots
  /** Zone of a point without a registry row, by its source. */
  sourceZone(point: string): string
  /** Where AM ends in the files that are sent; absent: none are. */
  halfDayCut?: Cut
  metrics: Metrics
  /** Null when requests can be answered, otherwise why not yet. */
  ready(): Promise<string | null>
  /** What waits for something that is away, or for somebody, while requests are answered; null: nothing. */
  waiting?(): string | null
  sensors: SensorsPort
  limits: Limits
  /** Absent: no websocket. */
  live?: LivePorts
  /** Folder of the built page; absent: no page. */
  page?: string
  /** Whether the ledger plays the demo: its figures are made up. */
  demo?: boolean
  /** Absent: nothing is logged. */
  logger?: FastifyBaseLogger
  /** Absent: the clock. Slots that have not happened yet are no gaps. */
  now?: () => number
}

/**
 * What others would bill for [from, to) of a register's readings (in time order, thousandths of the unit, before the factor), in
 * thousandths of the unit. Readings in pieces, the last one of each repeated as the first of the next, add up to the same.
 */
export type Compare = (
  shown: readonly { at: number; value: number }[],
  span: Range,
  versions: readonly Point[],
  register: string
) => { name: string; milli: number }[]

/**
 * What the daily rules say of one installation's days, by day and rule, whatever alerts were told of them. `days` are local days, UTC ms,
 * silent ones included; `blocks` its stored daily slots, merged.
 */
export type CheckDays = (
  versions: readonly Installation[],
  days: readonly { start: number; end: number }[],
  blocks: readonly Slots[]
) => { start: number; rule: string; value: number; threshold: number; unit: string; text: string }[]

/**
 * What members add to an installation's figure of [from, to), part by part where its versions changed; amounts are millionths of Wh. `said`:
 * the members' slots of eight seconds, merged.
 */
export type ExplainSlots = (
  versions: readonly Installation[],
  register: string,
  span: Range,
  said: readonly { point: string; register: string; blocks: readonly Slots[] }[]
) => {
  from: number
  to: number
  validFrom: number
  slots: number
  whole: number
  counted: number
  members: { point: string; register: string; factor: number; amount: number; known: number; left: number }[]
}[]

/** Fluksometer sensors that are asked for over HTTP. */
export interface SensorsPort {
  /** Whether this process asks; `elsewhere`: in a cluster, another one does; `off`: its settings do not have flukso.http. */
  asks: 'here' | 'elsewhere' | 'off'
  /** From one round to the next; null: there are none. */
  everyMinutes: number | null
  /** Sensors whose tokens the settings name: those are not changed here. */
  named: ReadonlySet<string>
  /** Of those asked so far. */
  health(): readonly AskedSensor[]
}

export interface AskedSensor {
  sid: string
  state: string
  /** What was answered, when it is not fine. Never a token. */
  detail: string
  /** Since when it is so, and when it was asked last, UTC ms; 0: not yet. */
  since: number
  askedAt: number
}

export interface Limits {
  /** Largest uploaded file, bytes. */
  upload: number
  /** Largest other request body, bytes. */
  body: number
  /** Most rows in one answer; default 400 000. */
  rows?: number
  /** Requests a minute by one identity, or by one address without one; default 3 000. */
  requestsPerMinute?: number
  /** Exports that run at once; default 4. */
  exports?: number
  /** How long an export waits for a client that takes nothing, ms; default one minute. */
  idleMs?: number
}

/** Who has access. Of tokens and codes only the SHA-256 is kept; they are compared in constant time. */
export interface Access {
  /** What a token shows now; null: nobody, or no longer. */
  identify(token: string): Promise<Credential | null>
  /** Everything that shows somebody, also what has expired. */
  credentials(): Promise<Iterable<Credential>>
  list(): Promise<AccessEntry[]>
  /** False when the name is taken. */
  add(entry: AccessEntry): Promise<boolean>
  /** Opens more points to somebody, for all time; false when nobody has that name. */
  grant(name: string, points: readonly string[]): Promise<boolean>
  /** False when nobody has that name. From then on its token, sessions and codes are nobody's. */
  revoke(name: string): Promise<boolean>
  /** A code that signs one browser in, once, as this person; good until `expiresAt`, UTC ms. Null when nobody has that name. */
  invite(name: string, lifetimeMs: number): { code: string; expiresAt: number } | null
  /** Exchanges a code, or somebody's own token, for a session; its token is shown here and never again. Null when the code is wrong, used or too old. */
  signIn(code: string): Promise<{ token: string; credential: Credential } | null>
  /** Browsers that are signed in now. */
  sessions(): Promise<BrowserSession[]>
  /** Ends a session; its token is nobody's then. */
  signOut(session: string): Promise<void>
}

export interface RegistryPort {
  /** Every version ever entered, with what was entered last, whether or not the store has it yet. */
  versions(): Promise<Point[]>
  /** Enters rows, giving them their `knownAt`; resolves when they are stored durably. */
  apply(rows: readonly Point[]): Promise<{ knownAt: number }>
}

export interface InstallationsPort {
  /** Every version ever entered, with what was entered last, whether or not the store has it yet. */
  versions(): Promise<Installation[]>
  /** Enters rows, giving them their `knownAt`, and before them what points have to say of it; resolves when the ledger shows both. */
  apply(rows: readonly Installation[], points: readonly Point[]): Promise<{ knownAt: number }>
  /** By sensor; they leave this process in no answer. */
  tokens: Pick<SensorTokens, 'entries' | 'put' | 'remove'>
}

export interface AlertsPort {
  /** Resolves when it is stored; what runs here has worked it in by then. */
  acknowledge(wanted: AlertIdentity & { by: string; note: string }): Promise<void>
}

/** History made again; each resolves when the ledger shows the result. */
export interface Maintenance {
  refold(wanted: { point?: string; from?: number }): Promise<void>
  reparse(): Promise<{ files: number; readings: number; rejects: number }>
  /** Null when one is running already. */
  verify(): Promise<{ days: number; differences: { point: string; day: string; ours: string | null; replayed: string | null }[] } | null>
  /** Compares store and InfluxDB with the ledger's topic; with `apply`, rewrites days that differ. Rejects with Unavailable, also when another is at it. */
  reconcile(wanted: ReconcileWanted, apply: boolean): AsyncIterable<ReconcileStep>
}

/** Which slots of the copies are compared with the ledger: those that start in [from, to), UTC ms; `points` null: all. */
export interface ReconcileWanted {
  grid: string
  points: ReadonlySet<string> | null
  from: number
  to: number
}

/** Rows that start on one day, their sum in thousandths of the unit, and a hash of what they tell. */
export interface DayTally {
  rows: number
  milli: number
  hash: string
}

/** How far a reconcile is, what it found, and, last, what it came to. */
export type ReconcileStep =
  | { step: 'reading'; rows: number }
  | { step: 'comparing'; series: number; of: number }
  | {
      step: 'difference'
      copy: string
      point: string
      register: string
      /** UTC midnight, ms. */
      day: number
      ledger: DayTally
      found: DayTally
      mended: boolean
    }
  | { step: 'done'; days: number; differing: number; mended: number; moving: number }

/** What could not be read, looked at again. */
export interface Rejected {
  /** Rejects of a file as somebody names it (SHA-256, eight of its first digits, name), with the raw bytes around them. */
  inspect(file: string, line?: number): Promise<InspectedReject[]>
  /**
   * Reads payloads with rejects again from the bytes that are kept; resolves when the ledger shows the result. Without `apply` it is done
   * to a ledger of its own, and `days` tells what would change. Null when one is running already.
   */
  redrive(wanted: RedriveWanted, apply: boolean): Promise<{ files: RedrivenFile[]; days: ChangedDay[] } | null>
}

export interface RedriveWanted {
  reason?: string
  file?: string
  /** The name to read it under. */
  as?: string
  /** Also what this parser has rejected before. */
  again?: boolean
}

export interface InspectedReject {
  reject: Reject
  /** Times it was redriven. */
  attempts: number
  /** Null: no bytes are kept. */
  raw: {
    bytes: number
    /** The first bytes, hexadecimal. */
    head: string
    /** Of a file inside of a zip. */
    member: string | null
    lines: { line: number; text: string; rejected: boolean }[]
  } | null
}

export interface RedrivenFile {
  origin: string
  name: string
  source: string
  outcome: 'read' | 'tried' | 'not-kept' | 'not-recognised'
  attempts: number
  rejects: number
  left: number
  readings: number
}

/** A local day that would be told otherwise; amounts are thousandths of `unit`, null: nothing is known of the day. */
export interface ChangedDay {
  point: string
  register: string
  unit: string
  day: string
  before: number | null
  after: number | null
}

/** Energy in thousandths of Wh, readings in kWh as the register printed them. */
export interface GoldenRules {
  /** Whose rules stand beside ours. */
  others: string[]
  traces: {
    name: string
    readings: [minute: number, kwh: string, device?: string][]
    ours: { milli: number; tail: boolean; rules: string[]; suspects: string[] }
    others: Record<string, number>
  }[]
}

export interface RejectExample {
  line: number
  field: string
  expected: string
  found: string
  advice: string
}

export interface UploadSummary {
  /** SHA-256 (hex) of the bytes. */
  origin: string
  name: string
  source: string
  /** Rows that went into the ledger. */
  readings: number
  rejects: { reason: string; count: number; examples: RejectExample[] }[]
  /** The same bytes were read before; nothing was appended now. */
  already: boolean
  /** Series its readings went to, [from, to] in UTC ms; of very many, the first. */
  touched: { point: string; register: string; from: number; to: number }[]
}
