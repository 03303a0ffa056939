import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { controlLetters } from '../schemas/cups.js'
import { wallOf } from '../schemas/zone.js'

/** Made-up data with the entropy of real ones: a load that wanders over the day, with noise. The same on every run. */

const HOUR = 3_600_000
/** 1 January 2024, 00:00 UTC. */
export const YEAR = Date.UTC(2024, 0, 1)

/** Numerical Recipes' linear congruential generator: enough for noise, and everywhere the same. */
export const noise = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export const shuffled = <Item>(items: readonly Item[], seed: number): Item[] => {
  const random = noise(seed)
  const list = [...items]
  for (let i = list.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1))
    ;[list[i], list[k]] = [list[k], list[i]]
  }
  return list
}

export const cupsOf = (index: number): string => {
  const digits = `0031${String(400_000_000_000 + index)}`
  return `ES${digits}${controlLetters(digits)}`
}

export const sidOf = (index: number): string => createHash('md5').update(`sensor ${index}`).digest('hex')

const two = (figure: number): string => String(figure).padStart(2, '0')

const label = (wall: number): string => {
  const date = new Date(wall)
  return `${date.getUTCFullYear()}/${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())} ${two(date.getUTCHours())}:00`
}

/** Load at an hour of the day, as a share of the average. */
const shape = (hour: number): number => 0.5 + 0.4 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + (hour > 18 && hour < 23 ? 0.8 : 0)

const labels = (month: number): string[] => {
  const rows: string[] = []
  const zone = 'Europe/Madrid'
  // Local months begin up to two hours before those of UTC.
  for (let at = Date.UTC(2024, month, 1) - 2 * HOUR; at <= Date.UTC(2024, month + 1, 1); at += HOUR) {
    const start = new Date(wallOf(zone, at - HOUR))
    if (start.getUTCMonth() !== month) continue
    rows.push(`${label(wallOf(zone, at))};${wallOf(zone, at) - at === 2 * HOUR ? 1 : 0}`)
  }
  return rows
}

/** A month of F5D rows of supply points [0, points): all six magnitudes filled. */
export const curveMonth = (month: number, points: number): string => {
  const random = noise(1000 + month)
  const hours = labels(month)
  const lines: string[] = []
  for (let point = 0; point < points; point++) {
    const cups = `${cupsOf(point)}0F`
    for (const [hour, when] of hours.entries()) {
      const load = Math.round(600 * shape(hour % 24) * (0.5 + random()))
      const export_ = point % 3 === 0 && hour % 24 > 8 && hour % 24 < 19 ? Math.round(900 * random()) : 0
      const reactive = Math.round(load * 0.2 * random())
      lines.push(
        `${cups};${when};${load};${export_};${reactive};0;0;${export_ > 0 ? reactive >> 1 : 0};1;1;FE2024${two(month + 1)}${point};`
      )
    }
  }
  return `${lines.join('\n')}\n`
}

export const curveName = (month: number): string => `F5D_0031_0762_${month === 11 ? 2025 : 2024}${two(((month + 1) % 12) + 1)}05.0`

/** Rows of a year of one supply point. */
export const YEAR_HOURS = 366 * 24

/** Writes a year of monthly F5D files; readings in them. */
export const writeCurves = (folder: string, points: number, months = 12): number => {
  mkdirSync(folder, { recursive: true })
  let rows = 0
  for (let month = 0; month < months; month++) {
    const text = curveMonth(month, points)
    rows += text.split('\n').length - 1
    writeFileSync(join(folder, curveName(month)), text)
  }
  return rows * 6
}

const STEP_S = 8

/** A tmpo block: a sample every 8 s, thousandths of a Wh. */
export const tmpoBlock = (sid: string, level: number, bid: number): Buffer => {
  const samples = 2 ** level / STEP_S
  const random = noise(bid ^ level)
  const t = new Array<number>(samples).fill(STEP_S)
  const v = new Array<number>(samples)
  t[0] = v[0] = 0
  const head = (bid - YEAR / 1000) * 4000 + 123_456
  let milli = head
  let watts = 400
  for (let i = 1; i < samples; i++) {
    const hour = ((bid + i * STEP_S) / 3600) % 24
    if (random() < 0.02) watts = 300 + 1500 * random() * shape(hour)
    const delta = Math.round((watts * (0.97 + 0.06 * random()) * STEP_S) / 3.6)
    v[i] = delta / 1000
    milli += delta
  }
  return packedBlock(sid, [bid, head], [bid + (samples - 1) * STEP_S, milli], t, v)
}

/** Head and tail: epoch second, thousandths of a Wh; `t` and `v` as a block has them. */
export const packedBlock = (
  sid: string,
  head: [number, number],
  tail: [number, number],
  t: readonly number[],
  v: readonly number[],
  subtype: 'pplus' | 'pminus' = 'pplus'
): Buffer => {
  const cfg = { subtype, port: [1], id: sid, rid: 0, data_type: 'counter', type: 'electricity', unit: 'Wh' }
  const printed = ([at, milli]: [number, number]) => [at, milli / 1000]
  return gzipSync(JSON.stringify({ h: { cfg, tail: printed(tail), vsn: 1, head: printed(head) }, t, v }))
}

export const tmpoName = (sid: string, level: number, bid: number): string => `${sid}/0/${level}/${bid}.gz`

/** First block of a level in the year. */
export const firstBlock = (level: number): number => Math.ceil(YEAR / 1000 / 2 ** level) * 2 ** level

/** Writes blocks of some sensors, one after the other in time; readings in them. */
export const writeBlocks = (folder: string, level: number, sensors: number, blocks: number): number => {
  for (let sensor = 0; sensor < sensors; sensor++) {
    const sid = sidOf(sensor)
    for (let block = 0; block < blocks; block++) {
      const bid = firstBlock(level) + block * 2 ** level
      const path = join(folder, tmpoName(sid, level, bid))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, tmpoBlock(sid, level, bid))
    }
  }
  return (sensors * blocks * 2 ** level) / STEP_S
}
