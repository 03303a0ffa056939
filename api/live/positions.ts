/** Next offset by topic and partition; `into` says how many rows of the next record of one partition have gone out already. */
export interface Positions {
  offsets: Map<string, number[]>
  into?: { topic: string; partition: number; rows: number }
}

export const at = ({ offsets }: Positions, topic: string, partition: number): number => offsets.get(topic)?.[partition] ?? 0

export const copyOf = ({ offsets, into }: Positions): Positions => ({
  offsets: new Map([...offsets].map(([topic, list]) => [topic, [...list]])),
  ...(into ? { into: { ...into } } : {})
})

/** Offsets of some topics, 0 where a group has none yet. */
export const positionsOf = (offsets: ReadonlyMap<string, readonly number[]>, topics: readonly string[], partitions: number): Positions => ({
  offsets: new Map(
    topics.map((topic) => [topic, Array.from({ length: partitions }, (_, partition) => offsets.get(topic)?.[partition] ?? 0)])
  )
})

/** How many records lie between a position and the ends; null when the position is past an end, or of another shape. */
export const recordsBetween = (positions: Positions, ends: ReadonlyMap<string, readonly number[]>): number | null => {
  let records = 0
  if (positions.offsets.size !== ends.size) return null
  for (const [topic, list] of ends) {
    const offsets = positions.offsets.get(topic)
    if (offsets?.length !== list.length) return null
    for (const [partition, end] of list.entries()) {
      if (offsets[partition] > end) return null
      records += end - offsets[partition]
    }
  }
  return records
}

/** Whether a position has everything before these ends. */
export const reaches = ({ offsets }: Positions, ends: ReadonlyMap<string, readonly number[]>): boolean =>
  [...ends].every(([topic, list]) => list.every((end, partition) => (offsets.get(topic)?.[partition] ?? 0) >= end))
