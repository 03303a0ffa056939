import { createHash } from 'node:crypto'

/**
 * How a stored block came to be: as it was on the topic, joined with its neighbours of one write, or folded later. Part of its key,
 * so that a block that is written again replaces itself and never one it was joined into.
 */
export const Made = { written: 0, joined: 1, folded: 2 } as const

/** A block's key within its bucket, and what it says of the block. */
export interface BlockKey {
  first: number
  made: number
  /** Tells blocks of one extent apart: the rev, or a hash. 48 bits. */
  tag: number
  /** One past the last instant it covers. */
  last: number
}

/** 48 bits of SHA-256. */
export const hash48 = (bytes: Buffer): number => createHash('sha256').update(bytes).digest().readUIntBE(0, 6)
