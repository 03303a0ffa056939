import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BlockId, fromPath } from '../../../producers/flukso/block.js'
import type { Decoded } from '../../../producers/flukso/decode.js'
import type { Rejected } from '../../../producers/flukso/reasons.js'

export const RECORDED = new URL('../../recorded/flukso/', import.meta.url)
export const SHARED = new URL('../../../../shared/data/flukso/', import.meta.url)

export const FED676 = 'real/flukso-tmpo/fed676021dacaaf6a12a8dda7685be34/0'
export const recorded = (path: string): Buffer => readFileSync(new URL(path, RECORDED))
export const edge = (name: string): Buffer => recorded(`synthetic/tmpo-edge/${name}.gz`)

/** [epoch second, thousandths]. */
export type Sample = [number, number]

/** What every block is stored under; the edge files do not say it in their path. */
export const EDGE_ID: BlockId = { level: 8, bid: 1656676352 }

export const SID = '0123456789abcdef0123456789abcdef'
export const CLAMP = { id: SID, rid: 0, type: 'electricity', subtype: 'pplus', data_type: 'counter', unit: 'Wh' }

interface Made {
  samples: Sample[]
  cfg?: Record<string, unknown>
  /** As the vendor's compaction does: the difference at every crossing of a 256-s boundary twice. */
  doubled?: boolean
}

const slot = (second: number): number => Math.floor(second / 256)

export const documentOf = ({ samples, cfg = CLAMP, doubled = false }: Made) => {
  const t: number[] = []
  const v: number[] = []
  samples.forEach(([second, milli], i) => {
    const [before, value] = i === 0 ? [second, milli] : samples[i - 1]
    const delta = (milli - value) / 1000
    t.push(second - before)
    v.push(delta)
    if (doubled && slot(second) !== slot(before)) v.push(delta)
  })
  const printed = ([second, milli]: Sample): Sample => [second, milli / 1000]
  return { h: { cfg, tail: printed(samples[samples.length - 1]), vsn: 1, head: printed(samples[0]) }, t, v }
}

export const zip = (document: unknown): Buffer => gzipSync(JSON.stringify(document), { level: 9 })
export const encode = (made: Made): Buffer => zip(documentOf(made))

export const samplesOf = (decoded: Decoded | Rejected): Sample[] =>
  decoded.status === 'rejected' ? [] : decoded.seconds.map((second, i) => [second, decoded.milli[i]])

interface Expected {
  status: string
  reason?: string
  count?: number
  head?: Sample
  tail?: Sample
  samples?: Sample[]
}

export interface ExpectedBlock extends Expected {
  title: string
  id: BlockId
  bytes: Buffer
}

const FOLDERS = { real: 'real/flukso-tmpo', synthetic: 'synthetic/tmpo', edge: 'synthetic/tmpo-edge' } as const

const idOf = (name: string): BlockId => fromPath(name) ?? { ...EDGE_ID, level: name.endsWith('-l12') ? 12 : 8 }

/** Every block listed in expected/decode.json of a folder and present there. */
export const expectedBlocks = (folder: URL): ExpectedBlock[] => {
  const list = new URL('expected/decode.json', folder)
  if (!existsSync(list)) return []
  const groups = JSON.parse(readFileSync(list, 'utf8')) as Record<keyof typeof FOLDERS, Record<string, Expected>>
  return Object.entries(groups).flatMap(([group, blocks]) =>
    Object.entries(blocks).flatMap(([name, expected]) => {
      const file = new URL(`${FOLDERS[group as keyof typeof FOLDERS]}/${name}.gz`, folder)
      return existsSync(fileURLToPath(file)) ? [{ ...expected, title: name, id: idOf(name), bytes: readFileSync(file) }] : []
    })
  )
}
