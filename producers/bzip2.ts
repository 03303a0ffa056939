/**
 * bzip2 in bounded pieces. Not unbzip2-stream, for three reasons: it decodes all that is buffered at one go when the input ends (a bomb's
 * 10 GB from 7 KB), 32 run-length symbols in a row send it into an endless loop, and it is half as fast (10-12 against 20-23 MB/s).
 *
 * A file is one or several streams, each starting at a whole byte:
 *   "BZh" and a digit 1-9: block size in 100 kB
 *   blocks: 48 bits 0x314159265359, checksum (32), randomised (1, obsolete: refused), origin (24), then
 *     bytes in use: 16 bits, and 16 more for each of them that is set
 *     number of code tables (3), number of selectors (15), selectors (unary, move-to-front)
 *     code lengths per table: the first (5), then per symbol 0 = done, 10 = one longer, 11 = one shorter
 *     symbols: groups of 50 share a table; 0 and 1 are digits of a run's length, the last symbol ends the block
 *   48 bits 0x177245385090, checksum of the stream (32), filled up to a whole byte
 */

/** The input ended too early. */
export class Ended extends Error {}
/** It is not what bzip2 writes. */
export class Corrupt extends Error {}

/** Compressed bytes that hold any block a usual encoder makes (900 kB + 1 % + tables). A larger one is found by trying again. */
const BLOCK_BYTES = 925_000
const GROUP = 50
const PART = 1 << 20

const corrupt = (what: string): never => {
  throw new Corrupt(what)
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let i = 0; i < 8; i++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc
})

/** Bits of the bytes given so far, most significant first. */
class Bits {
  private bytes: Buffer = Buffer.alloc(0)
  private position = 0
  private held = 0
  private count = 0

  /** 1 to 24 bits. */
  take(n: number): number {
    while (this.count < n) {
      if (this.position >= this.bytes.length) throw new Ended()
      this.held = ((this.held << 8) | this.bytes[this.position++]) & 0x7fffffff
      this.count += 8
    }
    this.count -= n
    return (this.held >>> this.count) & ((1 << n) - 1)
  }
  /** 32 bits, signed. */
  word(): number {
    return (this.take(16) << 16) | this.take(16)
  }
  align(): void {
    this.count -= this.count & 7
  }
  get left(): number {
    return this.bytes.length - this.position + (this.count >> 3)
  }
  give(more: Buffer): void {
    this.bytes = Buffer.concat([this.bytes.subarray(this.position), more])
    this.position = 0
  }
  mark(): () => void {
    const { position, held, count } = this
    return () => Object.assign(this, { position, held, count })
  }
}

interface Table {
  shortest: number
  longest: number
  limit: Int32Array
  base: Int32Array
  symbols: Uint16Array
}

const readTable = (bits: Bits, symbols: number): Table => {
  const lengths = new Uint8Array(symbols)
  let length = bits.take(5)
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (;;) {
      if (length < 1 || length > 20) corrupt('code length')
      if (bits.take(1) === 0) break
      length += bits.take(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  const table = {
    shortest: Math.min(...lengths),
    longest: Math.max(...lengths),
    limit: new Int32Array(21),
    base: new Int32Array(21),
    symbols: new Uint16Array(symbols)
  }
  let code = 0
  let index = 0
  for (let at = table.shortest; at <= table.longest; at++, code <<= 1) {
    table.base[at] = code - index
    for (let symbol = 0; symbol < symbols; symbol++) if (lengths[symbol] === at) table.symbols[index++] = symbol
    code = table.base[at] + index
    table.limit[at] = code - 1
  }
  return table
}

const readBytesInUse = (bits: Bits): number[] => {
  const used: number[] = []
  const groups = bits.take(16)
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue
    const mask = bits.take(16)
    for (let i = 0; i < 16; i++) if (mask & (0x8000 >> i)) used.push(group * 16 + i)
  }
  return used.length > 0 ? used : corrupt('a block without bytes')
}

const readSelectors = (bits: Bits, tables: number): Uint8Array => {
  const selectors = new Uint8Array(bits.take(15))
  if (selectors.length === 0) corrupt('no selectors')
  const recent = Array.from({ length: tables }, (_, i) => i)
  for (let i = 0; i < selectors.length; i++) {
    let back = 0
    while (bits.take(1) === 1) if (++back >= tables) corrupt('selector')
    recent.unshift(recent.splice(back, 1)[0])
    selectors[i] = recent[0]
  }
  return selectors
}

/** Fills `work` with the block's bytes in sorted order; their number. */
const readSymbols = (bits: Bits, work: Int32Array): number => {
  const recent = Uint8Array.from(readBytesInUse(bits))
  const tableCount = bits.take(3)
  if (tableCount < 2 || tableCount > 6) corrupt('number of tables')
  const selectors = readSelectors(bits, tableCount)
  const last = recent.length + 1
  const tables = Array.from({ length: tableCount }, () => readTable(bits, last + 1))
  let count = 0
  let run = 0
  let weight = 1
  for (let group = 0; ; group++) {
    if (group >= selectors.length) corrupt('too few selectors')
    const { shortest, longest, limit, base, symbols } = tables[selectors[group]]
    for (let i = 0; i < GROUP; i++) {
      let length = shortest
      let code = bits.take(length)
      while (code > limit[length]) {
        if (++length > longest) corrupt('code')
        code = (code << 1) | bits.take(1)
      }
      const symbol = symbols[code - base[length]] ?? corrupt('symbol')
      if (symbol <= 1) {
        run += weight << symbol
        weight <<= 1
        if (count + run > work.length) corrupt('a run beyond the block')
        continue
      }
      if (run > 0) {
        work.fill(recent[0], count, count + run)
        count += run
        run = 0
        weight = 1
      }
      if (symbol === last) return count
      if (count >= work.length) corrupt('a block beyond its size')
      const byte = recent[symbol - 1]
      for (let back = symbol - 1; back > 0; back--) recent[back] = recent[back - 1]
      recent[0] = byte
      work[count++] = byte
    }
  }
}

/** Undoes the sort: each entry gets, above its byte, the index of the entry that follows it. */
const link = (work: Int32Array, count: number): void => {
  const starts = new Int32Array(257)
  for (let i = 0; i < count; i++) starts[work[i] + 1]++
  for (let byte = 0; byte < 256; byte++) starts[byte + 1] += starts[byte]
  for (let i = 0; i < count; i++) work[starts[work[i] & 0xff]++] |= i << 8
}

/** The block's plain bytes. Four equal bytes are followed by the number of further ones. */
const unroll = (work: Int32Array, count: number, origin: number, checksum: number, room: number): Buffer[] => {
  const parts: Buffer[] = []
  let part = Buffer.allocUnsafe(PART)
  let filled = 0
  let crc = -1
  let entry = work[work[origin] >>> 8]
  let before = -1
  let equal = 0
  for (let i = 0; i < count; i++) {
    const byte = entry & 0xff
    entry = work[entry >>> 8]
    let copies = 1
    let value = byte
    if (equal === 4) {
      copies = byte
      value = before
      equal = 0
      before = -1
    } else {
      equal = byte === before ? equal + 1 : 1
      before = byte
    }
    for (; copies > 0; copies--) {
      crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ value]
      part[filled++] = value
      if (filled < PART) continue
      parts.push(part)
      if (parts.length * PART > room) return parts // the caller sees that it is too much
      part = Buffer.allocUnsafe(PART)
      filled = 0
    }
  }
  if (~crc !== checksum) corrupt('checksum of a block')
  if (filled > 0) parts.push(part.subarray(0, filled))
  return parts
}

interface Block {
  parts: Buffer[]
  checksum: number
}

/** The next block, or null at the end of the stream. */
const readBlock = (bits: Bits, work: Int32Array, stream: number, room: number): Block | null => {
  const magic = bits.take(24)
  const more = bits.take(24)
  const checksum = bits.word()
  if (magic === 0x177245 && more === 0x385090) {
    if (checksum !== stream) corrupt('checksum of the stream')
    bits.align()
    return null
  }
  if (magic !== 0x314159 || more !== 0x265359) corrupt('start of a block')
  if (bits.take(1) === 1) corrupt('randomised block')
  const origin = bits.take(24)
  const count = readSymbols(bits, work)
  if (origin >= count) corrupt('origin')
  link(work, count)
  return { parts: unroll(work, count, origin, checksum, room), checksum: checksum ^ ((stream << 1) | (stream >>> 31)) }
}

/**
 * Plain bytes of one or several bzip2 streams; a block is yielded when its checksum is right.
 * Throws `Ended` on truncated and `Corrupt` on corrupt input, after everything before was yielded. `room`: how many bytes may still come.
 */
export async function* bunzip2(source: AsyncIterable<Buffer>, room: () => number): AsyncGenerator<Buffer> {
  const input = source[Symbol.asyncIterator]()
  const bits = new Bits()
  let ended = false
  const fill = async (wanted: number) => {
    const parts: Buffer[] = []
    for (let size = bits.left; !ended && size < wanted; ) {
      const next = await input.next()
      if (next.done) ended = true
      else size += parts[parts.push(next.value) - 1].length
    }
    if (parts.length > 0) bits.give(Buffer.concat(parts))
  }
  try {
    for (await fill(BLOCK_BYTES); bits.left > 0; await fill(BLOCK_BYTES)) {
      if (bits.take(24) !== 0x425a68) corrupt('start of a stream')
      const size = bits.take(8) - 0x30
      if (size < 1 || size > 9) corrupt('block size')
      const work = new Int32Array(size * 100_000)
      for (let stream = 0; ; ) {
        await fill(BLOCK_BYTES)
        const rewind = bits.mark()
        try {
          const block = readBlock(bits, work, stream, room())
          if (block === null) break
          stream = block.checksum
          yield* block.parts
        } catch (error) {
          if (!(error instanceof Ended) || ended) throw error
          rewind()
          await fill(bits.left * 2)
        }
      }
    }
  } finally {
    await input.return?.()
  }
}
