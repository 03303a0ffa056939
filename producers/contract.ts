import type { Readings, Reject } from '../schemas/generated.js'

/** Raw bytes as they came, already in the archive when a source sees them. */
export interface Payload {
  /** File name as given (path below the watched folder, or the path on the command line), without secrets. */
  name: string
  /** SHA-256 (hex) of the bytes. */
  origin: string
  /** When they were received, UTC ms: the `ingestedAt` of everything made of them. */
  receivedAt: number
  bytes: number
  /** Opens them from the start; may be called more than once. */
  open(): AsyncIterable<Buffer>
}

/** Part of a payload's content. Blocks have unfolded columns, `point` still native (`<source>/<id>` or a CUPS). */
export interface Parsed {
  readings: Readings[]
  rejects: Reject[]
  /** Lines (or samples) looked at, for progress. */
  rows: number
}

/**
 * What the bytes of a source mean. A new source is its folder and one line in producers/index.ts.
 * Nothing is kept between payloads; bad data is a Reject, never an exception.
 */
export interface Source {
  name: string
  parserVersion: number
  /** Zone of a point without a registry row. */
  zone(point: string): string
  /** How far ahead of receipt an event may lie, ms: 5 min for clocks, 26 h for date labels (RULES §1.1). */
  aheadMs: number
  /** Whether the payload is of this source, by its name and first bytes (up to 64). */
  recognises(name: string, head: Buffer): boolean
  /** It sends by itself, and is heard of often: its silence is told by heartbeats every few seconds. Absent: its files are looked for. */
  pushed?: boolean
  /** Its payloads are fetched: nobody brings them as files. */
  fetched?: boolean
  /** What the name says of the time of the content (UTC ms, roughly), so that many files are read oldest first; null when nothing. */
  timeOf?(name: string): number | null
  /** What the name says of the content beyond its bytes (which version, which block): the same bytes under another are another payload. */
  says?(name: string): string
  /** Yields pieces of bounded size, in file order. */
  parse(payload: Payload): AsyncIterable<Parsed>
}
