import { gunzipSync } from 'node:zlib'
import { type Rejected, rejected } from './reasons.js'

/** The vendor's server takes no larger block either. */
export const MAX_COMPRESSED = 16 * 1024 * 1024

/** A level-20 block holds at most 2^20 samples, at 2 + 14 characters each when every figure is long: 16 MiB. */
export const MAX_TEXT = 32 * 1024 * 1024

/** A block opens about eight lists and objects. Millions of empty ones would fit the text but not the heap. */
const MAX_OPENINGS = 1_000
const LIST = 0x5b // [
const OBJECT = 0x7b // {

/** gzip's own header is 10 bytes; one chunk usually holds the whole text. */
const CHUNK = 256 * 1024

const openings = (text: Buffer, mark: number): number => {
  let count = 0
  for (let i = text.indexOf(mark); i >= 0 && count <= MAX_OPENINGS; i = text.indexOf(mark, i + 1)) count++
  return count
}

const inflate = (bytes: Buffer): Buffer | Rejected => {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT, chunkSize: Math.min(CHUNK, Math.max(1024, bytes.length * 16)) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return rejected('too-large', `more than ${MAX_TEXT} bytes when unpacked`)
    return rejected('gzip-corrupt', message)
  }
}

/** gzip and JSON, within bounds: whatever the bytes are, the answer is the document or a reason. */
export const unpack = (bytes: Buffer): { document: unknown } | Rejected => {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return rejected('not-gzip', bytes.subarray(0, 8).toString('hex'))
  if (bytes.length > MAX_COMPRESSED) return rejected('too-large', `${bytes.length} bytes`)
  const text = inflate(bytes)
  if ('reason' in text) return text
  if (openings(text, LIST) > MAX_OPENINGS || openings(text, OBJECT) > MAX_OPENINGS) {
    return rejected('json-invalid', `over ${MAX_OPENINGS} lists or objects`)
  }
  try {
    return { document: JSON.parse(text.toString('utf8')) }
  } catch (error) {
    return rejected('json-invalid', (error as Error).message)
  }
}
