/** Cuts lines into requests of at most so many rows and bytes (of UTF-16 text: names may be longer on the wire by a little); a longer line goes alone. */
export function* chunksOf(lines: Iterable<readonly string[]>, maxRows: number, maxBytes: number): Generator<string[]> {
  let chunk: string[] = []
  let bytes = 0
  for (const some of lines) {
    for (const line of some) {
      if (chunk.length > 0 && (chunk.length >= maxRows || bytes + line.length > maxBytes)) {
        yield chunk
        chunk = []
        bytes = 0
      }
      chunk.push(line)
      bytes += line.length + 1
    }
  }
  if (chunk.length > 0) yield chunk
}
