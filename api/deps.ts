import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import type { Log } from '../infra/log.js'
import type { Store } from '../infra/store.js'
import type { AccessEntry } from '../schemas/access.js'
import type { Point } from '../schemas/generated.js'
import type { LivePorts } from './live/ports.js'
import type { Metrics } from './metrics.js'

/** What the API needs; main.ts puts it together. Nothing here opens a port. */
export interface Deps {
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
  maintenance: Maintenance
  /** Zone of a point without a registry row, by its source. */
  sourceZone(point: string): string
  metrics: Metrics
  /** Null when requests can be answered, otherwise why not yet. */
  ready(): Promise<string | null>
  limits: Limits
  /** Absent: no websocket. */
  live?: LivePorts
  /** Absent: nothing is logged. */
  logger?: FastifyBaseLogger
  /** Absent: the clock. Slots that have not happened yet are no gaps. */
  now?: () => number
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
}

/** Who has access. Tokens never come here, only their SHA-256. */
export interface Access {
  /** The entry of a token, compared in constant time (`entryOf`); null: nobody. */
  identify(token: string): Promise<AccessEntry | null>
  list(): Promise<AccessEntry[]>
  /** False when the name is taken. */
  add(entry: AccessEntry): Promise<boolean>
  /** False when nobody has that name. From then on its token is nobody's. */
  revoke(name: string): Promise<boolean>
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
}
