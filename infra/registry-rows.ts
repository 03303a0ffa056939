import { decoding } from '../schemas/decoding.js'
import type { Point } from '../schemas/generated.js'
import { Topics } from '../schemas/topics.js'
import { NotARecord, type Wire } from '../schemas/wire.js'
import { follow } from './compacted.js'
import type { Log } from './log.js'

export interface RegistryRows {
  /** Every version ever entered. */
  versions(): Promise<Point[]>
  /** Enters rows, giving them their `knownAt`; resolves when they are stored durably. */
  apply(rows: readonly Point[]): Promise<{ knownAt: number }>
  /** The point a native id stands for. */
  resolve(native: string): string
}

/** The registry's rows, kept up in memory until `signal`. */
export const openRegistryRows = async (log: Log, wire: Wire, signal: AbortSignal): Promise<RegistryRows> => {
  const rows: Point[] = []
  const points = new Map<string, string>()
  const known = new Set<string>()
  const enter = (row: Point) => {
    // Our own rows come back from the topic.
    const identity = JSON.stringify([row.point, row.validFrom, row.knownAt])
    if (known.has(identity)) return
    known.add(identity)
    rows.push(row)
    for (const native of row.natives) points.set(native, row.point)
  }
  const decode = decoding(wire)
  await follow(log, Topics.registryPoints, signal, async ({ value }) => {
    if (value === null) return
    try {
      enter(await decode('Point', value))
    } catch (error) {
      // Those who write the ledger set it aside and count it.
      if (!(error instanceof NotARecord)) throw error
    }
  })
  return {
    versions: async () => [...rows],
    apply: async (added) => {
      const knownAt = Math.max(Date.now(), ...rows.map((row) => row.knownAt + 1))
      const entered = added.map((row) => ({ ...row, knownAt }))
      await log.append(
        Topics.registryPoints,
        entered.map((row) => ({ key: row.point, value: wire.encode('Point', row) }))
      )
      for (const row of entered) enter(row)
      return { knownAt }
    },
    resolve: (native) => points.get(native) ?? native
  }
}
