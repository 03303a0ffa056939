import type { NewRecord } from '../../infra/log.js'
import { emptyReadings } from '../../schemas/blocks.js'
import type { Readings } from '../../schemas/generated.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'
import { counterBlock, MINUTE } from '../processors/series.js'

/** A few meters over some hours around a midnight, in rounds: a block of each, then a heartbeat. No figure of it is left to chance. */
export const SOURCE = 'test'
export const ROUNDS = 6
export const PARTITIONS = 4
const POINTS = Array.from({ length: 12 }, (_, i) => i + 1)
const READINGS = 8
const EVERY_MINUTES = 7
const MIDNIGHT = Date.UTC(2024, 4, 7)
/** Minutes, as `counterBlock` counts them. */
const BEGIN = MIDNIGHT / MINUTE - 150

const pointOf = (point: number): string => `test/${String(point).padStart(2, '0')}`

/** What a register shows at its n-th reading, in tenths of a kWh; some of them do what registers do. */
const shown = (point: number, n: number): number => {
  const counted = 1000 * point + n * (point + 3) + (n % 3)
  if (point === 1 && n === 19) return 0
  if (point === 2 && n >= 21) return counted - 2000
  return counted
}

/** One point falls silent for a round. */
const SILENT = { point: 4, round: 3 }

const blockOf = (point: number, round: number): Readings => {
  const rows = Array.from({ length: READINGS }, (_, i) => {
    const n = round * READINGS + i
    return [BEGIN + n * EVERY_MINUTES + point / 60, shown(point, n) / 10] as const
  })
  const ingestedAt = MIDNIGHT + round * 3_600_000
  return counterBlock(rows, 1, { point: pointOf(point), source: SOURCE, device: `d${point}`, ingestedAt })
}

/** As every process that hands out its own ids makes it. */
export const wireForTest = (): Promise<Wire> => Wire.open(memorySchemaIds())

const recordOf = (wire: Wire, point: number, round: number): NewRecord => ({
  key: pointOf(point),
  value: wire.encode('Readings', blockOf(point, round))
})

const beatsAfter = (wire: Wire, round: number): NewRecord[] => {
  const at = (BEGIN + (round + 1) * READINGS * EVERY_MINUTES) * MINUTE
  const value = wire.encode('Readings', { ...emptyReadings(), source: SOURCE, ingestedAt: at, at: [at] })
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ key: '', value, partition }))
}

/** A round as its source sends it. */
const roundOf = (wire: Wire, round: number): NewRecord[] => [
  ...POINTS.filter((point) => point !== SILENT.point || round !== SILENT.round).map((point) => recordOf(wire, point, round)),
  ...beatsAfter(wire, round)
]

export const roundsOf = (wire: Wire, from: number, to = ROUNDS): NewRecord[] =>
  Array.from({ length: to - from }, (_, i) => roundOf(wire, from + i)).flat()

/** What the silent one had to say, for whoever appends it late. */
export const lateOf = (wire: Wire): NewRecord => recordOf(wire, SILENT.point, SILENT.round)
