import { decoding } from '../schemas/decoding.js'
import type { Point } from '../schemas/generated.js'
import { Topics } from '../schemas/topics.js'
import type { Wire } from '../schemas/wire.js'
import { readAll } from './compacted.js'
import type { Log } from './log.js'

export interface RegistryRows {
  /** Every version ever entered. */
  versions(): Promise<Point[]>
  /** Enters rows, giving them their `knownAt`; resolves when they are stored durably. */
  apply(rows: readonly Point[]): Promise<{ knownAt: number }>
  /** The point a native id stands for. */
  resolve(native: string): string
}

/** The registry's rows, kept up in memory. */
export const openRegistryRows = async (log: Log, wire: Wire): Promise<RegistryRows> => {
  const rows: Point[] = []
  const points = new Map<string, string>()
  const enter = (row: Point) => {
    rows.push(row)
    for (const native of row.natives) points.set(native, row.point)
  }
  const decode = decoding(wire)
  for await (const { value } of readAll(log, Topics.registryPoints)) if (value !== null) enter(await decode('Point', value))
  return {
    versions: async () => [...rows],
    apply: async (added) => {
      const knownAt = Math.max(Date.now(), ...rows.map((row) => row.knownAt + 1))
      const known = added.map((row) => ({ ...row, knownAt }))
      await log.append(
        Topics.registryPoints,
        known.map((row) => ({ key: row.point, value: wire.encode('Point', row) }))
      )
      for (const row of known) enter(row)
      return { knownAt }
    },
    resolve: (native) => points.get(native) ?? native
  }
}
