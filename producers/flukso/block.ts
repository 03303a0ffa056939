/**
 * What identifies a tmpo block: sensor (sid), recycle id (rid), level and block id (bid). A block of level L covers the 2^L seconds
 * from bid on, and bid is a multiple of 2^L, so one number may be a valid bid at several levels.
 */
export const LEVELS = [8, 12, 16, 20] as const

/** Level-8 blocks are what a device writes; the boundaries between them are where its compaction errs (decode.ts). */
export const SMALLEST_SPAN = 2 ** 8
export const LARGEST_SPAN = 2 ** 20

export interface BlockId {
  level: number
  bid: number
}

export interface SensorBlockId extends BlockId {
  sid: string
  rid: number
}

export const spanOf = (level: number): number => 2 ** level

/** Last second covered. */
export const tailOf = ({ level, bid }: BlockId): number => bid + spanOf(level) - 1

export const isBlockId = ({ level, bid }: BlockId): boolean =>
  (LEVELS as readonly number[]).includes(level) && Number.isSafeInteger(bid) && bid >= 0 && bid % spanOf(level) === 0

/**
 * The chunk law: a parent stands for the blocks of lower levels inside its own span, bid <= child < bid + 2^level, and for no
 * others. The vendor's clients drop *every* older child when a parent arrives and lose the history not yet compacted.
 */
export const covers = (parent: BlockId, child: BlockId): boolean =>
  child.level < parent.level && parent.bid <= child.bid && child.bid < parent.bid + spanOf(parent.level)

/** The smallest block that holds both instants (epoch seconds), or null when not even level 20 does. */
export const smallestHolding = (head: number, tail: number): BlockId | null => {
  for (const level of LEVELS) {
    const bid = head - (head % spanOf(level))
    if (tail <= tailOf({ level, bid })) return { level, bid }
  }
  return null
}

const PATH = /(?:^|[\\/])([0-9a-f]{32})[\\/](\d{1,10})[\\/](\d{1,2})[\\/](\d{1,12})(?:\.gz)?$/

/** `<sid>/<rid>/<level>/<bid>.gz` at the end of a name, with or without the suffix. The figures are as written: see `isBlockId`. */
export const fromPath = (name: string): SensorBlockId | null => {
  const match = PATH.exec(name)
  if (!match) return null
  const [, sid, rid, level, bid] = match
  return { sid, rid: Number(rid), level: Number(level), bid: Number(bid) }
}
