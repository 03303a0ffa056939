import type { Reject } from '../schemas/generated.js'
import { type Damage, decompress, isDamage } from './compression.js'
import type { Payload } from './contract.js'
import { attemptsOf, rejectsOf } from './redrive.js'
import type { ProducerRooms } from './run.js'

/** The raw bytes around a reject, for people: what cannot be shown is a middle dot, so that nothing in it works a terminal. */
export interface Around {
  /** Bytes of the payload. */
  bytes: number
  /** Its first bytes, hexadecimal. */
  head: string
  /** Of a file inside of the payload, its name. */
  member: string | null
  /** Lines around the rejected one; of what is rejected as a whole, the first ones of the unpacked content. */
  lines: { line: number; text: string; rejected: boolean }[]
}

const CONTEXT_LINES = 2
const SHOWN_CHARACTERS = 500
const HEAD_BYTES = 32
const MAX_INSPECTED = 20
const NEWLINE = 10

const shown = (bytes: Buffer): string => {
  const text = bytes.toString('utf8')
  return (text.includes('\ufffd') ? bytes.toString('latin1') : text).replace(/\p{C}/gu, '·').slice(0, SHOWN_CHARACTERS)
}

export const rawAround = async (
  { name, bytes, open }: Pick<Payload, 'name' | 'bytes' | 'open'>,
  { line, field }: Reject
): Promise<Around> => {
  const around: Around = { bytes, head: await headOf(open()), member: null, lines: [] }
  const first = line > 0 ? Math.max(1, line - CONTEXT_LINES) : 1
  const last = line > 0 ? line + CONTEXT_LINES : 1 + CONTEXT_LINES
  let contents = 0
  for await (const content of decompress(name, open())) {
    // The field of a reject in the second and further files of a zip begins with the file's name.
    const lines = contents++ === 0 || field.startsWith(`${content.name}/`) ? await linesOf(content.chunks, first, last) : []
    if (lines.length === 0 && contents > 1) continue
    around.member = content.name === name ? null : content.name
    around.lines = lines.map((text, i) => ({ line: first + i, text: shown(text), rejected: first + i === line }))
    if (contents > 1 || !field.includes('/')) break
  }
  return around
}

const headOf = async (chunks: AsyncIterable<Buffer>): Promise<string> => {
  for await (const chunk of chunks) return chunk.subarray(0, HEAD_BYTES).toString('hex')
  return ''
}

/** Lines `first` to `last`, of each no more than can be shown. */
const linesOf = async (chunks: AsyncIterable<Buffer | Damage>, first: number, last: number): Promise<Buffer[]> => {
  const lines: Buffer[] = []
  let line = 1
  let open: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (isDamage(chunk)) break
    for (let from = 0; from < chunk.length && line <= last; ) {
      const newline = chunk.indexOf(NEWLINE, from)
      const end = newline < 0 ? chunk.length : newline
      if (line >= first && open.length < SHOWN_CHARACTERS)
        open = Buffer.concat([open, chunk.subarray(from, Math.min(end, from + SHOWN_CHARACTERS))])
      if (newline >= 0) {
        if (line >= first) lines.push(open)
        open = Buffer.alloc(0)
        line++
      }
      from = end + 1
    }
    if (line > last) return lines
  }
  return open.length > 0 ? [...lines, open] : lines
}

/** A reject with what is kept of its payload; null where nothing is. */
export interface Inspected {
  reject: Reject
  attempts: number
  raw: Around | null
}

/** Rejects of a file (or of one line of it) as somebody names it, the first ones of a great many. */
export const inspect = async (
  rooms: Pick<ProducerRooms, 'store' | 'archive' | 'memory'>,
  file: string,
  line?: number
): Promise<Inspected[]> => {
  const found = await rejectsOf(rooms.store, file)
  const wanted = found.filter((reject) => line === undefined || reject.line === line)
  wanted.sort((a, b) => (a.origin === b.origin ? a.line - b.line : b.ingestedAt - a.ingestedAt))
  const inspected: Inspected[] = []
  for (const reject of wanted.slice(0, MAX_INSPECTED)) {
    const { origin, name } = reject
    const kept = await rooms.archive.get(origin)
    const raw = kept && (await rawAround({ name, bytes: kept.bytes, open: () => rooms.archive.open(origin) }, reject))
    inspected.push({ reject, attempts: attemptsOf(rooms.memory, reject), raw })
  }
  return inspected
}
