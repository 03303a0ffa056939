import type { Slots } from '../../schemas/generated.js'
import type { Slot } from '../../schemas/gridding.js'
import { mergeSlots } from '../../schemas/merge.js'
import { Op } from '../../schemas/quality.js'
import type { GridRow } from './step.js'

type StoredSlot = Slot & { expected: number }

export const storedSlot = (block: Slots, i: number): StoredSlot => ({
  start: block.start[i],
  end: block.end[i],
  amount: block.amount[i],
  quality: block.quality[i],
  coveredMs: block.coveredMs[i],
  estimatedMs: block.estimatedMs[i],
  received: block.received[i],
  expected: block.expected[i]
})

const isSame = (a: GridRow, b: StoredSlot): boolean =>
  a.end === b.end &&
  a.amount === b.amount &&
  a.quality === b.quality &&
  a.coveredMs === b.coveredMs &&
  a.estimatedMs === b.estimatedMs &&
  a.received === b.received &&
  a.expected === b.expected

const everyone = (): boolean => true

/**
 * What has to be sent, by start, so that the rows stored of [from, to), in blocks with all their revisions, become those that were made.
 * What starts at an instant that is not `isOurs` is left as it is.
 */
export const differences = (
  made: readonly GridRow[],
  stored: readonly Slots[],
  region: { from: number; to: number },
  isOurs: (start: number) => boolean = everyone
): GridRow[] => {
  const wanted = new Map(made.map((row) => [row.start, row]))
  const changes: GridRow[] = []
  for (const block of mergeSlots(stored, region)) {
    for (let i = 0; i < block.rows; i++) {
      const before = storedSlot(block, i)
      if (before.start >= region.to || !isOurs(before.start)) continue
      // One that reaches into the region from before it was cut in another zone: no slot of this one does.
      const row = wanted.get(before.start)
      if (row === undefined) changes.push({ ...before, op: Op.WITHDRAWN })
      else if (isSame(row, before)) wanted.delete(before.start)
    }
  }
  changes.push(...wanted.values())
  return changes.sort((a, b) => a.start - b.start)
}
