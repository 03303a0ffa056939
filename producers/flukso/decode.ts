import { type BlockId, LARGEST_SPAN, SMALLEST_SPAN, tailOf } from './block.js'
import { isExact, roundMilli, runningMilli } from './milli.js'
import { type Rejected, rejected } from './reasons.js'
import { unpack } from './unpack.js'

/**
 * A tmpo block is gzip of JSON:
 *
 *   {"h":{"cfg":{…},"tail":[ts,value],"vsn":1,"head":[ts,value]},"t":[0,dt,…],"v":[0,dv,…]}
 *
 * - h.cfg   the sensor's settings when the block was written: id, rid, type, subtype, class, data_type, unit … (register.ts)
 * - h.head  first sample: epoch second, counter or gauge
 * - h.tail  last sample
 * - t, v    differences from sample to sample; t[0] = v[0] = 0, so sample 0 is the head. Sums must end exactly at the tail.
 *
 * Most blocks compacted by the vendor's daemon hold the difference at every crossing of a 256-s boundary *twice* in v (17 of the 34
 * published ones). As many values too many as there are crossings, each one equal to its neighbour: then one of each pair goes, and
 * the block is `repaired`. Anything else is rejected whole.
 */
export interface Header {
  cfg: Record<string, unknown>
  head: [number, number]
  tail: [number, number]
}

export interface Decoded {
  status: 'ok' | 'repaired'
  header: Header
  /** Epoch seconds, strictly increasing. */
  seconds: number[]
  /** Thousandths of the sensor's unit. */
  milli: number[]
  /** No printed figure has a fraction. */
  whole: boolean
}

interface Body {
  header: Header
  t: unknown[]
  v: unknown[]
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const isSample = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && Number.isInteger(value[0]) && value[0] >= 0 && typeof value[1] === 'number'

const bodyOf = (document: unknown): Body | Rejected => {
  if (!isObject(document)) return rejected('header-invalid', 'not an object')
  const { h, t, v } = document
  if (!isObject(h)) return rejected('header-invalid', 'no h')
  const { cfg, head, tail, vsn } = h
  if (!isObject(cfg)) return rejected('header-invalid', 'no h.cfg')
  if (!isSample(head)) return rejected('header-invalid', `h.head ${JSON.stringify(head)}`)
  if (!isSample(tail)) return rejected('header-invalid', `h.tail ${JSON.stringify(tail)}`)
  if (vsn !== undefined && vsn !== 1) return rejected('header-invalid', `h.vsn ${JSON.stringify(vsn)}`)
  if (!Array.isArray(t) || !Array.isArray(v)) return rejected('header-invalid', `no ${Array.isArray(t) ? 'v' : 't'}`)
  for (const figure of [...head, ...tail]) if (!isExact(figure)) return rejected('beyond-2^53', `${figure} in the header`)
  return { header: { cfg, head, tail }, t, v }
}

/** Index of the first entry that is no number (or, of times, no whole one), or -1. */
const firstOdd = (entries: readonly unknown[], whole: boolean): number => {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]
    if (typeof entry !== 'number' || (whole && !Number.isInteger(entry))) return i
  }
  return -1
}

const hasFigures = (body: Body): body is Body & { t: number[]; v: number[] } => firstOdd(body.t, true) < 0 && firstOdd(body.v, false) < 0

const oddFigure = ({ t, v }: Body): Rejected => {
  const inTimes = firstOdd(t, true)
  const [name, list, index] = inTimes >= 0 ? ['t', t, inTimes] : ['v', v, firstOdd(v, false)]
  return rejected('non-numeric-delta', `${name}[${index}] is ${JSON.stringify(list[index])}`)
}

const firstInexact = (figures: readonly number[]): number => {
  for (let i = 0; i < figures.length; i++) if (!isExact(figures[i])) return i
  return -1
}

const sumsOf = (head: number, deltas: readonly number[]): number[] => {
  const sums = new Array<number>(deltas.length)
  let sum = head
  for (let i = 0; i < deltas.length; i++) sums[i] = sum += deltas[i]
  return sums
}

const firstNotLater = (seconds: readonly number[]): number => {
  for (let i = 1; i < seconds.length; i++) if (!(seconds[i] > seconds[i - 1])) return i
  return -1
}

/** `v` with one of each doubled junction difference, or null when it is not doubled at exactly every 256-s boundary that `seconds` cross. */
const undouble = (seconds: readonly number[], v: readonly number[]): number[] | null => {
  const single = new Array<number>(seconds.length)
  let from = 0
  for (let i = 0; i < seconds.length; i++) {
    single[i] = v[from++]
    const crossed = i > 0 && Math.floor(seconds[i] / SMALLEST_SPAN) !== Math.floor(seconds[i - 1] / SMALLEST_SPAN)
    if (crossed && v[from++] !== single[i]) return null
  }
  return from === v.length ? single : null
}

const isWhole = (figures: readonly number[]): boolean => {
  for (const figure of figures) if (!Number.isInteger(figure)) return false
  return true
}

/** Pure. `id`, when known, is what the block is stored under: its samples must lie in that span. */
export const decodeBlock = (bytes: Buffer, id?: BlockId): Decoded | Rejected => {
  const unpacked = unpack(bytes)
  if ('reason' in unpacked) return unpacked
  const body = bodyOf(unpacked.document)
  if ('reason' in body) return body
  return hasFigures(body) ? decodeFigures(body, id) : oddFigure(body)
}

const decodeFigures = ({ header, t, v }: { header: Header; t: number[]; v: number[] }, id?: BlockId): Decoded | Rejected => {
  const { head, tail } = header
  for (const list of [t, v]) {
    const inexact = firstInexact(list)
    if (inexact >= 0) return rejected('beyond-2^53', `${list === t ? 't' : 'v'}[${inexact}] is ${list[inexact]}`)
  }
  if (t.length === 0 || v.length < t.length) return rejected('length-mismatch', `${t.length} times, ${v.length} values`)
  if (t[0] !== 0 || v[0] !== 0) return rejected('head-mismatch', `t[0] ${t[0]}, v[0] ${v[0]}`)
  // Seconds are whole and increasing, so no block can hold more; said before anything of that size is made.
  if (t.length > LARGEST_SPAN) return rejected('out-of-span', `${t.length} samples`)

  const seconds = sumsOf(head[0], t)
  const deltas = v.length === t.length ? v : undouble(seconds, v)
  if (deltas === null) return rejected('length-mismatch', `${t.length} times, ${v.length} values, not doubled at the 256-s boundaries`)
  const stuck = firstNotLater(seconds)
  if (stuck >= 0) return rejected('time-not-increasing', `sample ${stuck} is ${t[stuck]} s after the one before`)
  const last = seconds.length - 1
  if (id && (head[0] < id.bid || seconds[last] > tailOf(id))) {
    return rejected('out-of-span', `${head[0]} to ${seconds[last]} in level ${id.level}, block ${id.bid}`)
  }

  const milli = runningMilli(head[1], deltas)
  if (milli === null) return rejected('beyond-2^53', 'the sum of the differences')
  if (seconds[last] !== tail[0] || milli[last] !== roundMilli(tail[1])) {
    return rejected('tail-mismatch', `ends at ${seconds[last]}, ${milli[last] / 1000}; h.tail is ${tail[0]}, ${tail[1]}`)
  }
  const whole = Number.isInteger(head[1]) && Number.isInteger(tail[1]) && isWhole(deltas)
  return { status: deltas === v ? 'ok' : 'repaired', header, seconds, milli, whole }
}
