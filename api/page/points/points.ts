import { computed, effect, signal } from '@preact/signals'
import type { PointInfo, RegisterInfo } from '../answers.js'
import { isEnergy } from '../format.js'
import { get } from '../http.js'
import { connection, keyOf, now, onRows } from '../live.js'

/** The meters open to the visitor; null until they are known. */
export const points = signal<PointInfo[] | null>(null)
export const pointsProblem = signal<string | null>(null)

const RETRY_MS = 3000
const SOON_MS = 1500

export const loadPoints = async (): Promise<void> => {
  try {
    points.value = (await get<{ points: PointInfo[] }>('/v1/points')).points
    pointsProblem.value = null
  } catch (error) {
    pointsProblem.value = (error as Error).message
    setTimeout(() => void loadPoints(), RETRY_MS)
  }
}

const known = computed(
  () => new Set((points.value ?? []).flatMap(({ id, registers }) => registers.map(({ register }) => keyOf(id, register))))
)

let soon = false
/** Soon, and once for all who ask meanwhile: files with many new meters come in at once. */
export const loadPointsSoon = (): void => {
  if (soon) return
  soon = true
  setTimeout(() => {
    soon = false
    void loadPoints()
  }, SOON_MS)
}
onRows((rows) => {
  if (points.value !== null && rows.some(({ k }) => !known.value.has(k))) loadPointsSoon()
})
// What happened while nobody was connected.
let wasLive = true
effect(() => {
  const live = connection.value.state === 'live'
  if (live && !wasLive) loadPointsSoon()
  wasLive = live
})

/** Import first, then export, then other energy, then the rest. */
const rank = ({ register, unit }: RegisterInfo): string =>
  `${register.startsWith('1.8.0') ? 0 : register.startsWith('2.8.0') ? 1 : isEnergy(unit) ? 2 : 3} ${register}`

export const registersOf = ({ registers }: PointInfo): RegisterInfo[] => [...registers].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))

export const titleOf = ({ id, name }: PointInfo): string => name || id

/** What has not been heard of for two days is history: shown apart, so that what lives is seen. */
const QUIET_MS = 48 * 3_600_000
export const isLive = (point: PointInfo): boolean =>
  point.registers.some(({ last }) => last !== null && Date.parse(last) > now.value - QUIET_MS)
