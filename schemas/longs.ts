import avro from 'avsc'

/**
 * avsc doubles a long in floating point before it writes it. Below -2^52 the last bit, which is the sign, is rounded away: the figure
 * comes back positive and no error tells (avsc 5.7.9; github.com/mtth/avsc/issues/455). In a column of differences one garbage reading
 * near 2^53 and the fall back from it are enough, and every row after it would be wrong. Those few are written and read here.
 */
const AVSC_FROM = -(2 ** 52)
const LEAST = -(2 ** 53 - 2)

/** The part of avsc's reader and writer that a type of one's own needs; it has no public types. */
interface Tap {
  buf: Buffer
  pos: number
  readLong(): number
  writeLong(n: number): void
}
const avsc = avro.types.LongType.prototype as unknown as { _read(tap: Tap): number; _write(tap: Tap, n: number): void }

/** n = -m - 1 is the unsigned 2m + 1: seven bits of it in the first byte, the rest as what avsc would write for a smaller number. */
const write = (tap: Tap, n: number): void => {
  const m = -n - 1
  tap.buf[tap.pos++] = 0x81 | ((m % 64) << 1)
  const rest = Math.floor(m / 64)
  tap.writeLong(rest % 2 === 0 ? rest / 2 : (rest + 1) / -2)
}

const readNegative = (tap: Tap, from: number): number => {
  tap.pos = from + 1
  const rest = tap.readLong()
  const m = (rest < 0 ? -2 * rest - 1 : 2 * rest) * 64 + ((tap.buf[from] & 0x7f) >> 1)
  return -m - 1
}

class ExactLong extends avro.types.LongType {
  _write(tap: Tap, n: number): void {
    if (n < AVSC_FROM && n >= LEAST) write(tap, n)
    else avsc._write.call(this, tap, n)
  }

  _read(tap: Tap): number {
    const from = tap.pos
    const n = tap.readLong()
    if (n < -AVSC_FROM && n >= AVSC_FROM) return n
    tap.pos = from
    avsc._read.call(this, tap) // refuses what is beyond 2^53
    return tap.buf[from] & 1 ? readNegative(tap, from) : n
  }
}

const LONG = new ExactLong()
const array = avro.types.ArrayType.prototype as unknown as { _read(this: Column, tap: Tap): number[] }

/**
 * A column. avsc asks the type of the items for each of them, which takes most of the time of a block: here those that are small, as
 * nearly all are, pass without.
 */
class Column extends avro.types.ArrayType {
  constructor() {
    super({ type: 'array', items: LONG }, {})
  }

  _write(tap: Tap, column: readonly number[]): void {
    const { length } = column
    if (length > 0) {
      tap.writeLong(length)
      for (let i = 0; i < length; i++) {
        const n = column[i]
        if ((n << 1) >> 1 === n) writeSmall(tap, n)
        else LONG._write(tap, n)
      }
    }
    tap.writeLong(0)
  }

  _read(tap: Tap): number[] {
    const from = tap.pos
    const { buf } = tap
    const length = tap.readLong()
    if (length === 0) return []
    // An entry takes a byte at least; bytes that claim more are read as damaged, at their end.
    if (length > buf.length - tap.pos) tap.pos = buf.length + 1
    else if (length > 0 && this.itemsType === LONG) {
      const column = new Array<number>(length)
      for (let i = 0; i < length; i++) column[i] = readEntry(tap, buf)
      if (tap.readLong() === 0) return column
    }
    // In several pieces, or written as something else.
    if (tap.pos > buf.length) return []
    tap.pos = from
    return array._read.call(this, tap)
  }
}

/** Of 31 bits. */
const writeSmall = (tap: Tap, n: number): void => {
  const { buf } = tap
  let rest = (n << 1) ^ (n >> 31)
  for (; rest > 0x7f; rest >>= 7) buf[tap.pos++] = (rest & 0x7f) | 0x80
  buf[tap.pos++] = rest
}

const readEntry = (tap: Tap, buf: Buffer): number => {
  const low = buf[tap.pos]
  if (low < 0x80) {
    tap.pos++
    return (low >> 1) ^ -(low & 1)
  }
  const high = buf[tap.pos + 1]
  if (high >= 0x80 || tap.pos + 1 >= buf.length) return LONG._read(tap)
  tap.pos += 2
  const figure = (low & 0x7f) | (high << 7)
  return (figure >> 1) ^ -(figure & 1)
}

const COLUMN = new Column()

const isLong = (schema: avro.Schema): boolean =>
  schema === 'long' || (typeof schema === 'object' && 'type' in schema && schema.type === 'long')

const isColumn = (schema: avro.Schema): boolean =>
  typeof schema === 'object' && 'items' in schema && schema.type === 'array' && isLong(schema.items as avro.Schema)

/** The type of a schema text. A union of null and one thing needs no wrapper object in memory, whatever the default mode of avsc. */
export const typeOf = (schema: string): avro.Type =>
  avro.Type.forSchema(JSON.parse(schema), {
    wrapUnions: false,
    typeHook: (part) => (isLong(part) ? LONG : isColumn(part) ? COLUMN : undefined)
  })
