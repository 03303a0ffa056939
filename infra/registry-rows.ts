import { decoding } from '../schemas/decoding.js'
import type { Installation, Point } from '../schemas/generated.js'
import { type Homes, homesOf } from '../schemas/installations/homes.js'
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
  /** Every version of installations ever entered. */
  installations(): Promise<Installation[]>
  /** As `apply`. What their members have to say of it is entered before: see schemas/installations/memberships.ts. */
  applyInstallations(rows: readonly Installation[]): Promise<{ knownAt: number }>
  /** Whose points are; the same object until an installation changes. */
  homes(): Homes
}

/** The registry's rows, kept up in memory until `signal`. */
export const openRegistryRows = async (log: Log, wire: Wire, signal: AbortSignal): Promise<RegistryRows> => {
  const natives = new Map<string, string>()
  let homes: Homes | null = null
  const decode = decoding(wire)
  const points = await followRows<Point>(log, signal, {
    topic: Topics.registryPoints,
    keyOf: ({ point }) => point,
    encode: (row) => wire.encode('Point', row),
    decode: (value) => decode('Point', value),
    entered: (row) => {
      for (const native of row.natives) natives.set(native, row.point)
    }
  })
  const installations = await followRows<Installation>(log, signal, {
    topic: Topics.registryInstallations,
    keyOf: ({ installation }) => installation,
    encode: (row) => wire.encode('Installation', row),
    decode: (value) => decode('Installation', value),
    entered: () => {
      homes = null
    }
  })
  return {
    versions: async () => [...points.rows],
    apply: points.apply,
    resolve: (native) => natives.get(native) ?? native,
    installations: async () => [...installations.rows],
    applyInstallations: installations.apply,
    homes: () => {
      homes ??= homesOf(installations.rows)
      return homes
    }
  }
}

interface Kind<Row> {
  topic: string
  keyOf(row: Row): string
  encode(row: Row): Buffer
  decode(value: Buffer): Row | Promise<Row>
  entered(row: Row): void
}

/** Rows of which every (thing, validFrom, knownAt) is kept. */
const followRows = async <Row extends { validFrom: number; knownAt: number }>(
  log: Log,
  signal: AbortSignal,
  { topic, keyOf, encode, decode, entered }: Kind<Row>
) => {
  const rows: Row[] = []
  const known = new Set<string>()
  const enter = (row: Row) => {
    // Our own rows come back from the topic.
    const identity = JSON.stringify([keyOf(row), row.validFrom, row.knownAt])
    if (known.has(identity)) return
    known.add(identity)
    rows.push(row)
    entered(row)
  }
  await follow(log, topic, signal, async ({ value }) => {
    if (value === null) return
    try {
      enter(await decode(value))
    } catch (error) {
      // Those who write the ledger set it aside and count it.
      if (!(error instanceof NotARecord)) throw error
    }
  })
  const apply = async (added: readonly Row[]): Promise<{ knownAt: number }> => {
    const knownAt = rows.reduce((least, row) => Math.max(least, row.knownAt + 1), Date.now())
    const dated = added.map((row) => ({ ...row, knownAt }))
    await log.append(
      topic,
      dated.map((row) => ({ key: keyOf(row), value: encode(row) }))
    )
    for (const row of dated) enter(row)
    return { knownAt }
  }
  return { rows, apply }
}
