import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RESULTS = fileURLToPath(new URL('../../bench/results.md', import.meta.url))

/** Chapters of bench/results.md by their headings, in their order; each program writes its own and leaves the others. */
const CHAPTERS = ['Benchmarks', 'Homes', 'Cluster', 'InfluxDB'] as const
export type Chapter = (typeof CHAPTERS)[number]

const read = (): Map<string, string> => {
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''
  const parts = text.split(/^# (.*)$/m).slice(1)
  return new Map(Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i], parts[2 * i + 1].trim()]))
}

/** `text`: what stands under the heading. */
export const writeChapter = (chapter: Chapter, text: string): void => {
  const chapters = read().set(chapter, text.trim())
  const written = CHAPTERS.filter((each) => chapters.has(each)).map((each) => `# ${each}\n\n${chapters.get(each)}\n`)
  writeFileSync(RESULTS, written.join('\n'))
}
