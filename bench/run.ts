/** `npm run bench`, or `npm run bench -- --quick`; words after that choose parts: decode fold columns import live
 * start answers page. Writes its chapter of bench/results.md. `npm run bench -- homes` is long and runs when it is named; it has a chapter
 * of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers } from './answers.js'
import { columns } from './columns.js'
import { decode } from './decode.js'
import type { Figure } from './figure.js'
import { fold } from './fold.js'
import { homes } from './homes.js'
import { imports, type Sizes } from './import.js'
import { type LiveSizes, live } from './live.js'
import { page } from './page.js'
import { homesReportOf, reportOf } from './report.js'
import { writeChapter } from './results.js'
import { starts } from './start.js'
import type { Effort } from './time.js'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const chosen = words.filter((word) => !word.startsWith('--'))
const effort: Effort = quick ? { rounds: 3, roundMs: 100 } : { rounds: 7, roundMs: 300 }
const sizes: Sizes = quick
  ? { runs: 1, shuffled: ['F5D'], points: 2, months: 6, sensors: 1, blocks: 48, memory: null }
  : {
      runs: 3,
      shuffled: ['F5D', 'level 16', 'level 20'],
      points: 10,
      months: 12,
      sensors: 1,
      blocks: 64,
      memory: { points: 95, sensors: 10, blocks: 61 }
    }

const liveSizes: LiveSizes = quick
  ? { idle: 100, backfill: { points: 20, months: 6, sensors: 2, blocks: 60 }, sockets: 100, broadcasts: 100 }
  : { idle: 500, backfill: { points: 95, months: 12, sensors: 10, blocks: 61 }, sockets: 1000, broadcasts: 50 }

const began = performance.now()
const say = (text: string) => console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`)
const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const parts: Record<string, () => Promise<Figure[]>> = {
  decode: () => decode(effort),
  fold: () => fold(effort),
  columns: () => columns(effort),
  import: () => imports(folder, sizes, say),
  live: () => live(folder, liveSizes, say),
  start: () => starts(folder, quick ? 1 : 3),
  answers: () => answers(folder),
  page: () => page(folder, say),
  homes: () => homes(folder, quick ? { homes: 6, days: 1 } : { homes: 60, days: 31 }, say)
}

try {
  const figures: Figure[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (chosen.length > 0 ? !chosen.includes(name) : name === 'homes') continue
    say(name)
    figures.push(...(await part()))
  }
  const seconds = (performance.now() - began) / 1000
  const ofHomes = chosen.join() === 'homes'
  const text = (ofHomes ? homesReportOf : reportOf)(figures, { mode: quick ? 'quick' : 'full', seconds, now: new Date() })
  console.log(text)
  // A part of it, or a quick look, is no result.
  if (!quick && chosen.length === 0) writeChapter('Benchmarks', text)
  if (!quick && ofHomes) writeChapter('Homes', text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
