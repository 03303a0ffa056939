/** The store or log cannot do it now and may later: do the same again, nothing was stored. */
export class Unavailable extends Error {
  override readonly name: string = 'Unavailable'
}

/** What was given can never be stored, however often it is tried: set it aside. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
}

/** Nothing of the write was stored; what was acknowledged before is safe. */
export class DiskFull extends Unavailable {
  override readonly name: string = 'DiskFull'
}

/** Stored bytes are not those that were written. */
export class Damaged extends Error {
  override readonly name: string = 'Damaged'
}

const FULL = new Set(['ENOSPC', 'EFBIG', 'EDQUOT'])

/** A file could not grow: a full disk, a quota, a limit on file sizes. */
export const isFull = (error: unknown): boolean => FULL.has((error as NodeJS.ErrnoException | null)?.code ?? '')
