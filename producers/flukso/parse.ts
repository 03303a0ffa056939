import { emptyReadings, MAX_ROWS } from '../../schemas/blocks.js'
import type { Readings, Reject } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import type { Parsed, Payload } from '../contract.js'
import { fromPath, isBlockId, type SensorBlockId, smallestHolding } from './block.js'
import { type Decoded, decodeBlock } from './decode.js'
import { REASONS, type Rejected, rejected } from './reasons.js'
import { Config, registerOf, unitOf } from './register.js'

/**
 * One tmpo block (its format: decode.ts) to readings of `flukso/<sid>`, device `<sid>/<rid>`: a counter of another rid is another
 * meter, never differenced with this one.
 *
 * Which block it is, the path says (`<sid>/<rid>/<level>/<bid>.gz`); without such a path, the header says sid and rid, and the
 * block is taken for the smallest that holds its samples.
 * - Another sid in path and header: rejected, `id-mismatch`; one of them is another home's meter.
 * - Another rid: the path's is used, the header's noted in `attrs.headerRid`. Samples are filed under the rid of their time, while
 *   the header is a copy of the settings when the block was closed.
 *
 * The same sample comes several times, in a level-8 block and in the parents it was compacted into. Where two differ the lower
 * level, then the lower block wins (RULES §1.2), whatever came first: `attrs.level` and `attrs.block` carry that to the merge.
 */
export const SOURCE = 'flukso'
export const PARSER_VERSION = 1

export type Meta = Pick<Payload, 'name' | 'origin' | 'receivedAt'>

/** Counters are thousandths of their unit; whole units only, from devices that count no fractions. */
export const COUNTER_SCALE = 3
const WHOLE_UNIT = 10 ** COUNTER_SCALE

interface Sensor extends SensorBlockId {
  config: Config
  unit: string
  decoded: Decoded
}

const identify = (decoded: Decoded, config: Config, path: SensorBlockId | null): SensorBlockId | Rejected => {
  const { id, rid } = config
  if (path) return id && id !== path.sid ? rejected('id-mismatch', `path ${path.sid}, header ${id}`) : path
  if (id === undefined || rid === undefined) return rejected('header-invalid', 'no h.cfg.id or h.cfg.rid, and no path that says them')
  const { head, tail } = decoded.header
  const block = smallestHolding(head[0], tail[0])
  return block ? { sid: id, rid, ...block } : rejected('out-of-span', `${head[0]} to ${tail[0]}`)
}

const understand = (bytes: Buffer, name: string): Sensor | Rejected => {
  const path = fromPath(name)
  if (path && !isBlockId(path)) return rejected('id-invalid', `level ${path.level}, block ${path.bid}`)
  const decoded = decodeBlock(bytes, path ?? undefined)
  if (decoded.status === 'rejected') return decoded
  const parsed = Config.safeParse(decoded.header.cfg)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return rejected('header-invalid', `h.cfg.${issue.path.join('.')}: ${issue.message}`)
  }
  const config = parsed.data
  const identity = identify(decoded, config, path)
  if ('reason' in identity) return identity
  const unit = unitOf(config)
  if (unit === null) return rejected('unknown-unit', `${config.type} ${config.subtype ?? ''} in '${config.unit ?? ''}'`)
  return { ...identity, config, unit, decoded }
}

/** The fewest decimals that show every value. */
export const gaugeScale = (milli: readonly number[]): number => {
  let scale = 0
  for (const value of milli) while (scale < COUNTER_SCALE && value % 10 ** (COUNTER_SCALE - scale) !== 0) scale++
  return scale
}

const attrsOf = ({ level, bid, rid, config, decoded }: Sensor, name: string): Record<string, string> => ({
  level: String(level),
  block: String(bid),
  file: name,
  ...(decoded.status === 'repaired' && { repaired: 'true' }),
  ...(config.rid !== undefined && config.rid !== rid && { headerRid: String(config.rid) })
})

/** The smallest change a sensor shows. A newer device, which says a subtype, counts fractions even where none was printed. */
export const stepOf = ({ subtype }: Config, gauge: boolean, whole: boolean): number =>
  gauge || subtype !== undefined || !whole ? 1 : WHOLE_UNIT

const filled = (rows: number, figure: number): number[] => new Array<number>(rows).fill(figure)

const emptyBlock = (sensor: Sensor, meta: Meta): Readings => {
  const { sid, rid, unit, config, decoded } = sensor
  const gauge = config.data_type === 'gauge'
  return {
    ...emptyReadings(),
    point: `${SOURCE}/${sid}`,
    register: registerOf(config),
    kind: gauge ? 'GAUGE' : 'COUNTER',
    unit,
    scale: gauge ? gaugeScale(decoded.milli) : COUNTER_SCALE,
    step: stepOf(config, gauge, decoded.whole),
    device: `${sid}/${rid}`,
    source: SOURCE,
    origin: meta.origin,
    attrs: attrsOf(sensor, meta.name),
    parserVersion: PARSER_VERSION,
    ingestedAt: meta.receivedAt
  }
}

const withRows = (block: Readings, { seconds, milli }: Decoded, from: number, to: number): Readings => {
  const rows = to - from
  const by = 10 ** (COUNTER_SCALE - block.scale)
  const at = new Array<number>(rows)
  const value = new Array<number>(rows)
  for (let i = 0; i < rows; i++) {
    at[i] = seconds[from + i] * 1000
    value[i] = milli[from + i] / by
  }
  const quality = filled(rows, Quality.RAW)
  const [span, code, flags, line] = [filled(rows, 0), filled(rows, 0), filled(rows, 0), filled(rows, 0)]
  return { ...block, rows, at, span, value, quality, code, flags, line }
}

/** The whole block is the unit of rejection: with one difference lost, every sample after it is wrong. */
export const rejectOf = ({ reason, detail }: Rejected, { name, origin, receivedAt }: Meta): Reject => {
  const { expected, advice } = REASONS[reason]
  const place = { source: SOURCE, origin, name, line: 0, field: '' }
  return { ...place, reason, expected, found: detail, advice, ingestedAt: receivedAt, parserVersion: PARSER_VERSION }
}

/** Pure. Pieces of at most MAX_ROWS rows, in time order; or one reject. */
export function* parseBlock(bytes: Buffer, meta: Meta): Generator<Parsed> {
  const sensor = understand(bytes, meta.name)
  if ('reason' in sensor) {
    yield { readings: [], rejects: [rejectOf(sensor, meta)], rows: 0 }
    return
  }
  const { decoded } = sensor
  const block = emptyBlock(sensor, meta)
  for (let from = 0; from < decoded.seconds.length; from += MAX_ROWS) {
    const to = Math.min(from + MAX_ROWS, decoded.seconds.length)
    yield { readings: [withRows(block, decoded, from, to)], rejects: [], rows: to - from }
  }
}
