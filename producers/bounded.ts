/** All of it together; null as soon as there are more bytes than `most`. */
export const bounded = async (chunks: AsyncIterable<Buffer>, most: number): Promise<Buffer | null> => {
  const kept: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > most) return null
    kept.push(chunk)
  }
  return Buffer.concat(kept, size)
}
