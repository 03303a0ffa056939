import type { Latest, Store } from '../infra/store.js'
import type { Range } from '../schemas/access.js'
import { mulDivRound, share } from '../schemas/exact.js'
import type { Slots } from '../schemas/generated.js'
import { type Grid, STORED_GRIDS, slotAt } from '../schemas/grid.js'
import type { SlotRow } from '../schemas/gridding.js'
import { versionsByName } from '../schemas/installations/versions.js'
import { INSTALLATION_REGISTERS, POWER_GRID, pointOfInstallation, zoneOfInstallation } from '../schemas/installations.js'

/** An installation as the point whose series are its power; null: there is none. Its span is that of what its members ever said. */
export const knownInstallation = async (store: Store, installation: string): Promise<{ zone: string; latest: Latest[] } | null> => {
  const versions = versionsByName(await store.installations()).get(installation)
  if (versions === undefined) return null
  const points = [...new Set(versions.flatMap(({ members }) => members.map(({ point }) => point)))]
  const said = (await Promise.all(points.map((point) => store.latest(point)))).flat()
  const latest = INSTALLATION_REGISTERS.map((register) => ({
    point: pointOfInstallation(installation),
    register,
    source: '',
    kind: 'INTERVAL',
    unit: 'Wh',
    scale: 3,
    device: '',
    at: Math.max(0, ...said.map(({ at }) => at)),
    value: 0,
    quality: 0,
    firstAt: Math.min(...said.map(({ firstAt }) => firstAt))
  }))
  return { zone: zoneOfInstallation(versions), latest: said.length === 0 ? [] : latest }
}

const QUARTER_MS = 15 * 60_000

/** The grid that is stored of installations, and of which the slots of another are made. */
export const partsOf = (grid: Grid, isOwnZone: boolean): string => {
  const stored = [POWER_GRID, ...STORED_GRIDS] as readonly string[]
  if (isOwnZone && grid.name !== 'P1M' && stored.includes(grid.name)) return grid.name
  if (isOwnZone && grid.calendar !== null) return 'P1D'
  return grid.ms === 0 || grid.ms % QUARTER_MS === 0 ? 'PT15M' : POWER_GRID
}

/**
 * Sums of parts that lie in [from, to), which slots of the grid tile, by start; `amount` in thousandths and `micro` in millionths. A part
 * that the border of two slots cuts is counted where it begins, and its amount and times are shared out.
 */
export const sumsOf = (parts: readonly Slots[], grid: Grid, zone: string, { from, to }: Range): (SlotRow & { micro: number })[] => {
  const sums: (SlotRow & { micro: number })[] = []
  for (const block of parts)
    for (let i = 0; i < block.rows; i++) {
      const [start, end] = [block.start[i], block.end[i]]
      for (let at = Math.max(start, from); at < Math.min(end, to); ) {
        let sum = sums.at(-1)
        if (sum === undefined || at >= sum.end) {
          sum = { ...slotAt(grid, zone, at), amount: 0, micro: 0, quality: 0, coveredMs: 0, estimatedMs: 0, received: 0, expected: 0 }
          sums.push(sum)
        }
        const [low, high] = [sum.start, sum.end]
        const within = (total: number): number => share(total, start, end, high) - share(total, start, end, low)
        sum.micro += within(block.amount[i])
        sum.quality = Math.max(sum.quality, block.quality[i])
        sum.coveredMs += within(block.coveredMs[i])
        sum.estimatedMs += within(block.estimatedMs[i])
        if (start >= low) {
          sum.received += block.received[i]
          sum.expected += block.expected[i]
        }
        at = high
      }
    }
  return sums.map((sum) => ({ ...sum, amount: mulDivRound(sum.micro, 1, 1000) }))
}
