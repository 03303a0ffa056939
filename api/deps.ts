import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import type { Archive } from '../infra/archive.js'
import type { Log } from '../infra/log.js'
import type { Store } from '../infra/store.js'
import type { AccessEntry, BrowserSession, Credential, Range } from '../schemas/access.js'
import type { Point } from '../schemas/generated.js'
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
  /**
   * Reads a file into the ledger; resolves when its readings are stored. Rejects with `Refused` when no source knows such a file,
   * with `Unavailable` when it cannot be stored now, and with the stream's own error when the body breaks off or is too large:
   * then nothing of it may be appended.
   */
  upload(body: Readable, name: string): Promise<UploadSummary>
  /** The bytes of what was read, as they came. */
  raw: Pick<Archive, 'get' | 'open'>
  maintenance: Maintenance
  /** The golden traces with what each makes of them. */
  rules(): GoldenRules
  compare: Compare
  /** Zone of a point without a registry row, by its source. */
  sourceZone(point: string): string
  metrics: Metrics
  /** Null when requests can be answered, otherwise why not yet. */
  ready(): Promise<string | null>
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

export interface Limits {
  /** Largest uploaded file, bytes. */
  upload: number
  /** Largest other request body, bytes. */
  body: number
  /** Most rows in one answer; default 400 000. */
  rows?: number
  /** Requests a minute by one identity, or by one address without one; default 3 000. */
  requestsPerMinute?: number
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
  /** False when nobody has that name. From then on its token, sessions and codes are nobody's. */
  revoke(name: string): Promise<boolean>
  /** A code that signs one browser in, once, as this person; good until `expiresAt`, UTC ms. Null when nobody has that name. */
  invite(name: string, lifetimeMs: number): { code: string; expiresAt: number } | null
  /** Exchanges a code for a session; its token is shown here and never again. Null when the code is wrong, used or too old. */
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

/** History made again; each resolves when the ledger shows the result. */
export interface Maintenance {
  refold(wanted: { point?: string; from?: number }): Promise<void>
  reparse(): Promise<{ files: number; readings: number; rejects: number }>
  /** Null when one is running already. */
  verify(): Promise<{ days: number; differences: { point: string; day: string; ours: string | null; replayed: string | null }[] } | null>
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
