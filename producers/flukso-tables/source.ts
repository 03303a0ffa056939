import { type Content, decompress } from '../compression.js'
import type { Parsed, Payload, Source } from '../contract.js'
import { isOverlong, isPiece, pieces } from '../infoenergia/lines.js'
import { type Fault, type RejectBook, rejectBook } from '../infoenergia/rejects.js'
import { type TableDecoder, tableDecoder } from './parse.js'
import { layoutOf } from './tables.js'

const NAME = 'flukso-tables'
const PARSER_VERSION = 1
const HELD_ROWS = 200_000
const PORTION_BLOCKS = 1000
const PORTION_LINES = 20_000

const HEADER = /^(?:\u00ef\u00bb\u00bf)?"?(?:sensor_id|home_id)"? *, *"?day"? *, *"?ts"? *,/
/** A compressed one shows no header in its first bytes. */
const PACKED = /(?:^|[\\/])(?:raw|power)[^\\/]*\.csv\.(?:gz|bz2|zip)$/i

/** The old tables of VdE's first backend, exported, so that history continues: tables.ts says what is in them. */
export const fluksoTables: Source = {
  name: NAME,
  parserVersion: PARSER_VERSION,
  zone: () => 'Europe/Brussels',
  aheadMs: 5 * 60_000,
  recognises: (name, head) => HEADER.test(head.toString('latin1')) || PACKED.test(name),
  async *parse(payload: Payload): AsyncIterable<Parsed> {
    const { origin, name, receivedAt: ingestedAt } = payload
    const book = rejectBook({ source: NAME, origin, name, ingestedAt, parserVersion: PARSER_VERSION })
    for await (const content of decompress(name, payload.open())) yield* parseContent(payload, content, book)
    yield { readings: [], rejects: [...book.take(), ...book.rest()], rows: 0 }
  }
}

const fileFault = (reason: string, expected: string, found: string, advice: string): Fault => {
  return { line: 0, field: '', reason, expected, found, advice }
}

async function* parseContent(payload: Payload, content: Content, book: RejectBook): AsyncGenerator<Parsed> {
  const { name, origin, receivedAt: ingestedAt } = payload
  const attrs = { file: name, ...(content.name !== name && { member: content.name }) }
  let decoder: TableDecoder | null = null
  let rows = 0
  for await (const item of pieces(content.chunks)) {
    if (!isPiece(item)) {
      if (isOverlong(item))
        book.add({
          ...fileFault('line-too-long', 'lines of a table', item.start.toString('latin1'), 'Check what was sent.'),
          line: item.line
        })
      else book.add({ line: 0, field: '', ...item })
      continue
    }
    let text = item.bytes.toString('latin1')
    let { firstLine } = item
    if (decoder === null) {
      const end = text.indexOf('\n') + 1 || text.length
      const layout = layoutOf(text.slice(0, end))
      if (layout === null) {
        book.add(
          fileFault(
            'wrong-format',
            'a header with sensor_id, ts, power, or home_id, ts, p_cons, p_prod, p_tot',
            text.slice(0, end).trim(),
            "Export the table with its header: COPY raw TO 'raw.csv' WITH HEADER = TRUE."
          )
        )
        return
      }
      decoder = tableDecoder(layout, { source: NAME, origin, parserVersion: PARSER_VERSION, ingestedAt }, attrs, book)
      text = text.slice(end)
      firstLine++
    }
    rows += decoder.decode(text, firstLine)
    const rejects = book.take()
    if (rejects.length > 0 || rows >= PORTION_LINES) {
      yield { readings: [], rejects, rows }
      rows = 0
    }
    if (decoder.held() >= HELD_ROWS) yield* portions(decoder)
  }
  if (decoder === null) {
    book.add(fileFault('empty-file', 'a header and rows', 'nothing', 'Export the table again.'))
    return
  }
  yield { readings: [], rejects: book.take(), rows }
  yield* portions(decoder)
}

function* portions(decoder: TableDecoder): Generator<Parsed> {
  const blocks = decoder.flush()
  for (let from = 0; from < blocks.length; from += PORTION_BLOCKS)
    yield { readings: blocks.slice(from, from + PORTION_BLOCKS), rejects: [], rows: 0 }
}
