import { zoneOfCups } from '../../schemas/cups.js'
import type { Readings } from '../../schemas/generated.js'
import { type Content, type Damage, decompress } from '../compression.js'
import type { Parsed, Payload, Source } from '../contract.js'
import { type Format, formatOf, revisionOf } from './formats.js'
import type { Constant } from './groups.js'
import { isOverlong, isPiece, type Overlong, pieces } from './lines.js'
import { curveDecoder } from './parse.js'
import { type Fault, type RejectBook, rejectBook } from './rejects.js'

const NAME = 'infoenergia'
const PARSER_VERSION = 1
const HOUR = 3_600_000
/** Rows kept back so that a supply point's year is one block and not one per piece. */
export const HELD_ROWS = 200_000

const fileFault = (reason: string, expected: string, found: string, advice: string): Fault => ({
  line: 0,
  field: '',
  reason,
  expected,
  found,
  advice
})

/** Load curves as Spanish distributors and suppliers send them; upstream: Som Energia's infoenergia. */
export const infoenergia: Source = {
  name: NAME,
  parserVersion: PARSER_VERSION,
  zone: zoneOfCups,
  aheadMs: 26 * HOUR,
  recognises: (name) => formatOf(name) !== null,
  timeOf: (name) => {
    const revision = formatOf(name) === null ? 0 : revisionOf(name)
    if (revision === 0) return null
    const date = Math.floor(revision / 100)
    return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100) + (revision % 100)
  },
  says: (name) => `${formatOf(name)?.curve ?? ''} ${revisionOf(name)}`,
  async *parse(payload: Payload): AsyncIterable<Parsed> {
    const { origin, name, receivedAt: ingestedAt } = payload
    const book = rejectBook({ source: NAME, origin, name, ingestedAt, parserVersion: PARSER_VERSION })
    const format = formatOf(name)
    if (format === null) {
      book.add(
        fileFault(
          'unknown-format',
          'a file name that begins with F5D_, RF5D_ or P5D_',
          name,
          'Give the file its name back: it selects the format.'
        )
      )
    } else {
      let members = 0
      for await (const content of decompress(name, payload.open()))
        yield* parseContent(payload, content, format, members++ === 0 ? book : memberBook(book, content))
      if (members === 0) book.add(EMPTY)
    }
    yield { readings: [], rejects: [...book.take(), ...book.rest()], rows: 0 }
  }
}

/** A reject is known by (origin, line, field); in the second and further files of a zip its field begins with the file's name. */
const memberBook = (book: RejectBook, { name }: Content): RejectBook => {
  return { ...book, add: (fault) => book.add({ ...fault, field: `${name}/${fault.field}` }) }
}

const constantOf = (payload: Payload, content: Content, format: Format): Constant => ({
  kind: 'INTERVAL',
  curve: format.curve,
  scale: format.scale,
  step: 1,
  words: [],
  device: '',
  boot: null,
  source: NAME,
  origin: payload.origin,
  revision: revisionOf(payload.name) || revisionOf(content.name),
  parserVersion: PARSER_VERSION,
  ingestedAt: payload.receivedAt
})

async function* parseContent(payload: Payload, content: Content, format: Format, book: RejectBook): AsyncGenerator<Parsed> {
  const attrs = { file: payload.name, ...(content.name !== payload.name && { member: content.name }) }
  const decoder = curveDecoder(format, constantOf(payload, content, format), attrs, book)
  let first = true
  let told = false
  let rows = 0
  for await (const item of pieces(content.chunks)) {
    if (isPiece(item)) {
      const bytes = first ? withoutMark(item.bytes) : item.bytes
      if (first && isBinary(bytes)) {
        book.add(
          fileFault('not-text', 'text, plain or inside zip, gzip or bzip2', bytes.subarray(0, 32).toString('hex'), 'Check what was sent.')
        )
        return
      }
      rows += decoder.decode(bytes.toString('latin1'), item.firstLine)
    } else {
      told = true
      book.add(faultOf(item))
    }
    first = false
    const rejects = book.take()
    if (rejects.length > 0 || rows >= PORTION_LINES) {
      yield { readings: [], rejects, rows }
      rows = 0
    }
    if (decoder.held() >= HELD_ROWS) yield* portions(decoder.flush())
    if (decoder.hopeless()) {
      yield { readings: [], rejects: book.take(), rows }
      return
    }
  }
  if (decoder.seen() === 0 && !told) book.add(EMPTY)
  decoder.end()
  yield { readings: [], rejects: book.take(), rows }
  yield* portions(decoder.flush())
}

const PORTION_BLOCKS = 1000
const PORTION_LINES = 20_000

function* portions(blocks: Readings[]): Generator<Parsed> {
  for (let from = 0; from < blocks.length; from += PORTION_BLOCKS)
    yield { readings: blocks.slice(from, from + PORTION_BLOCKS), rejects: [], rows: 0 }
}

const EMPTY = fileFault('empty-file', 'rows', 'nothing', 'Ask for the file again.')

const faultOf = (item: Overlong | Damage): Fault =>
  isOverlong(item)
    ? { ...fileFault('line-too-long', 'lines of a curve file', item.start.toString('latin1'), 'Check what was sent.'), line: item.line }
    : { line: 0, field: '', ...item }

/** UTF-8's byte order mark says nothing here. */
const withoutMark = (bytes: Buffer): Buffer => (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf ? bytes.subarray(3) : bytes)

/** Of the first 4 KB, more than one byte in a hundred is a control character that text does not hold. */
const isBinary = (bytes: Buffer): boolean => {
  const head = bytes.subarray(0, 4096)
  let strange = 0
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32)) strange++
  return strange * 100 > head.length
}
