import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { controlLetters } from '../../schemas/cups.js'
import { wallOf } from '../../schemas/zone.js'
import { documentOf, type Sample, zip } from '../producers/flukso/blocks.js'
import type { Given } from './platform.js'

/** Made-up files of both sources, and where the recorded ones lie. */
export const RECORDED = new URL('../recorded/', import.meta.url).pathname
/** Public samples under another licence: beside the checkout or not at all, read in place and never copied. */
const SHARED = new URL('../../../shared/data/', import.meta.url).pathname

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const utc = (text: string): number => Date.parse(text)

export const recordedCurve = (name: string): Given => ({ name, bytes: readFileSync(join(RECORDED, 'infoenergia', name)) })

/** The block's own path, with its sensor: it says which block it is. */
export const recordedBlock = (path: string): Given => {
  const bytes = readFileSync(join(RECORDED, 'flukso', path))
  return { name: path.split('/').slice(-4).join('/'), bytes }
}

export const sharedFile = (path: string): Given | null => {
  const file = join(SHARED, path)
  return existsSync(file) ? { name: basename(file), bytes: readFileSync(file) } : null
}

/** A valid CUPS: distributor 0291, so many as one likes. */
export const cupsOf = (number: number): string => {
  const digits = `0291${String(number).padStart(12, '0')}`
  return `ES${digits}${controlLetters(digits)}`
}

export interface Hour {
  /** UTC ms of its start. */
  start: number
  wh: number
}

/** A label as a distributor prints it: wall clock of the interval's end, and the season flag of that instant. */
export const labelOf = (end: number, zone = 'Europe/Madrid'): { label: string; season: number } => {
  const wall = wallOf(zone, end)
  const summer = zone === 'Atlantic/Canary' ? HOUR : 2 * HOUR
  return { label: new Date(wall).toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '/'), season: wall - end === summer ? 1 : 0 }
}

export const curveLine = (
  cups: string,
  { start, wh }: Hour,
  said: { method?: number; firm?: number; season?: number; label?: string } = {}
): string => {
  const { label, season } = labelOf(start + HOUR)
  return `${cups}0F;${said.label ?? label};${said.season ?? season};${wh};;;;;;${said.method ?? 1};${said.firm ?? 1};F1;`
}

/** Hours from `from` until `to`, by a rule. */
export const hours = (from: number, to: number, wh: (start: number, i: number) => number): Hour[] =>
  Array.from({ length: (to - from) / HOUR }, (_, i) => ({ start: from + i * HOUR, wh: wh(from + i * HOUR, i) }))

export const f5d = (name: string, cups: string, list: readonly Hour[]): Given => ({
  name,
  bytes: list.map((hour) => `${curveLine(cups, hour)}\r\n`).join('')
})

export const p5d = (name: string, cups: string, list: readonly Hour[]): Given => ({
  name,
  bytes: list
    .map(({ start, wh }) => {
      const { label, season } = labelOf(start + HOUR)
      return `${cups};${label};${season};${wh};0;\r\n`
    })
    .join('')
})

export const sidOf = (number: number): string => number.toString(16).padStart(32, '0')

/** A tmpo block; samples are [epoch second, thousandths of Wh]. */
export const block = (sid: string, level: number, bid: number, samples: readonly Sample[], rid = 0): Given => ({
  name: `${sid}/${rid}/${level}/${bid}.gz`,
  bytes: zip(
    documentOf({
      samples: [...samples],
      cfg: { id: sid, rid, type: 'electricity', subtype: 'pplus', data_type: 'counter', unit: 'Wh' },
      // Compaction writes the difference at every 256-s boundary twice; the parser repairs it.
      doubled: level > 8
    })
  )
})

/** The blocks of one level that hold these samples. */
export const blocksOf = (sid: string, level: number, samples: readonly Sample[], rid = 0): Given[] => {
  const span = 2 ** level
  const groups = new Map<number, Sample[]>()
  for (const sample of samples) {
    const bid = sample[0] - (sample[0] % span)
    const group = groups.get(bid)
    if (group === undefined) groups.set(bid, [sample])
    else group.push(sample)
  }
  return [...groups].map(([bid, group]) => block(sid, level, bid, group, rid))
}

/** Numbers that look random and are the same in every run (mulberry32). */
export const random = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const shuffled = <T>(list: readonly T[], next: () => number): T[] => {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const other = Math.floor(next() * (i + 1))
    ;[out[i], out[other]] = [out[other], out[i]]
  }
  return out
}
