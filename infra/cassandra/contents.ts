import { Remembered } from './remembered.js'
import { addTo, inFlight, type Session, type Statement } from './session.js'

/** Which partitions a table has: its parts (reasons, say; one empty part where there are none) and their buckets. */
export interface Part {
  name: 'written_days' | 'rejects' | 'suspects' | 'alerts'
  part: string
  bucket: number
}

const PUT = 'INSERT INTO contents (name, part, bucket) VALUES (?, ?, ?) USING TIMESTAMP 1'
const ALL = 'SELECT part, bucket FROM contents WHERE name = ?'
const OF_PART = 'SELECT part, bucket FROM contents WHERE name = ? AND part = ? AND bucket >= ?'

/** For tables whose partitions are asked for in order of time, or all. */
export class Contents {
  readonly #known = new Remembered<true>()

  constructor(private readonly session: Session) {}

  /** Known before what is in them is acknowledged. */
  async put(parts: Iterable<Part>): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    const added = new Set<string>()
    for (const { name, part, bucket } of parts) {
      const known = `${name}\0${part}\0${bucket}`
      if (this.#known.get(known) || added.has(known)) continue
      added.add(known)
      addTo(partitions, name, { query: PUT, params: [name, part, bucket] })
    }
    await this.session.writeEach(partitions)
    for (const known of added) this.#known.set(known, true)
  }

  async all(name: Part['name']): Promise<Part[]> {
    return (await this.session.all(ALL, [name])).map(({ part, bucket }) => ({ name, part, bucket }))
  }

  /** Buckets of a part from one on, the latest first. */
  async buckets(name: Part['name'], part: string, from = 0): Promise<number[]> {
    return (await this.session.all(OF_PART, [name, part, from])).map(({ bucket }) => bucket)
  }
}

/** Counts of partitions by their part; parts that come to nothing are left out. */
export const summed = async (partitions: readonly Part[], count: (partition: Part) => Promise<number>): Promise<Map<string, number>> => {
  const sums = new Map<string, number>()
  await inFlight(partitions, async (partition) => {
    const found = await count(partition)
    if (found > 0) sums.set(partition.part, (sums.get(partition.part) ?? 0) + found)
  })
  return sums
}
