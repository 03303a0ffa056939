import type { Sample } from '../producers/flukso/blocks.js'
import { block, blocksOf, cupsOf, f5d, HOUR, type Hour, hours, p5d, random, sidOf, utc } from './files.js'
import type { Given } from './platform.js'

/**
 * A made-up site whose files contradict, repeat and correct each other, in the order its sources would send them. Everything that the
 * rules decide happens in it: blips to zero, dips, resets, jumps, other meters, gaps, clock changes, versions, curves of several kinds.
 */
export interface World {
  files: Given[]
  points: string[]
}

const MARCH = utc('2024-03-28T23:00Z')
const DAYS = 4
const CLAMP_START = 1_711_742_208 // 2024-03-29T19:56:48Z, a multiple of 256 but of no larger span
const CLAMP_SECONDS = 6000

export const HOME = cupsOf(1)
export const OTHER_HOME = cupsOf(2)
export const CLAMP = sidOf(0xc1a)
export const SECOND_CLAMP = sidOf(0xc1b)

/** A register that climbs and now and then does what registers do. */
export const register = (seed: number, from = CLAMP_START, seconds = CLAMP_SECONDS, step = 40): Sample[] => {
  const next = random(seed)
  const samples: Sample[] = []
  let shown = 1_000_000 + Math.floor(next() * 5_000_000)
  for (let at = from + Math.floor(next() * step); at < from + seconds; at += 5 + Math.floor(next() * step)) {
    const luck = next()
    let printed = shown
    if (luck < 0.02) printed = 0
    else if (luck < 0.04) printed = shown - Math.floor(next() * 2000)
    else if (luck < 0.05) printed = shown + 40_000_000
    else if (luck < 0.06) {
      shown = Math.floor(next() * 500)
      printed = shown
    } else if (luck < 0.08) at += 1200
    else if (luck > 0.3) {
      shown += Math.floor(next() * 40) * 100
      printed = shown
    }
    samples.push([at, printed])
  }
  return samples
}

/** Blocks of all levels, as a device and its compaction leave them; of one parent a sample differs from its child's. */
const clampFiles = (sid: string, samples: readonly Sample[]): Given[] => {
  const parents = [12, 16].flatMap((level) => blocksOf(sid, level, samples))
  const [head] = samples
  const bid = head[0] - (head[0] % 4096)
  const group = samples.filter(([at]) => at < bid + 4096)
  const wrong = group.map(([at, value], i): Sample => [at, i === 2 ? value + 3000 : value])
  return [...blocksOf(sid, 8, samples), ...parents.filter(({ name }) => !name.endsWith(`/12/${bid}.gz`)), block(sid, 12, bid, wrong)]
}

/** Files of a home: provisional days, the month, corrections of parts of it, a rectified day. */
const homeFiles = (cups: string, seed: number): Given[] => {
  const next = random(seed)
  const whole = hours(MARCH, MARCH + DAYS * 24 * HOUR, () => Math.floor(next() * 900))
  const noted = (list: readonly Hour[], by: number): Hour[] => list.map(({ start, wh }) => ({ start, wh: wh + by }))
  const day = (i: number) => whole.slice(i * 24, i * 24 + 24)
  const id = cups.slice(6, 18)
  return [
    p5d(`P5D_0291_0762_20240330-${id}.0`, cups, noted(day(0), 7)),
    p5d(`P5D_${id}_20240401.0`, cups, noted(whole.slice(20, 70), 5)),
    f5d(
      `F5D_${id}_20240410.0`,
      cups,
      whole.filter((_, i) => i % 17 !== 3)
    ),
    f5d(`F5D_${id}_20240410.1`, cups, noted(whole.slice(30, 40), 100)),
    f5d(`F5D_${id}_20240412.0`, cups, [
      ...whole.slice(0, 4),
      { start: whole[5].start, wh: -4 },
      ...noted(whole.slice(60, 61), 1),
      ...noted(whole.slice(60, 61), 2)
    ]),
    f5d(`RF5D_${id}_20240409.0`, cups, noted(whole.slice(36, 44), 200))
  ]
}

export const makeWorld = (seed: number): World => {
  const files = [
    ...homeFiles(HOME, seed),
    ...homeFiles(OTHER_HOME, seed + 1),
    ...clampFiles(CLAMP, register(seed + 2)),
    ...clampFiles(SECOND_CLAMP, register(seed + 3))
  ]
  return { files, points: [HOME, OTHER_HOME, `flukso/${CLAMP}`, `flukso/${SECOND_CLAMP}`] }
}

/** What people know about it. */
export const REGISTRY = `
points:
  - { point: 'flukso/${CLAMP}', name: Workshop, zone: Europe/Brussels, ratedPower: 9.2 kW, expectedInterval: 40 s }
  - { point: ${OTHER_HOME}, name: Home, registers: { '*': { expectedInterval: 1 h } } }
`
