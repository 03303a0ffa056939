/**
 * `npm run bench:cluster`, or `npm run bench:cluster -- --quick`; words after that choose parts: fold lone restore live cassandra. On real
 * engines of its own. Writes its chapter of bench/results.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cassandra } from './cassandra.js'
import { clusterLive } from './cluster-live.js'
import type { Figure } from './figure.js'
import { type FoldSize, kafkaFold } from './kafka-fold.js'
import { kafkaLone } from './kafka-lone.js'
import { kafkaRestore } from './kafka-restore.js'
import { clusterReportOf } from './report.js'
import { writeChapter } from './results.js'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const chosen = words.filter((word) => !word.startsWith('--'))
const rounds = quick ? 1 : 3
// Long warm-ups: both runtimes compile what they have run for seconds.
const sizes: FoldSize[] = quick
  ? [
      { rows: 1, points: 5000, recordsEach: 40, warmEach: 20, aim: 1.5 },
      { rows: 96, points: 5000, recordsEach: 6, warmEach: 3, aim: 4 },
      { rows: 1000, points: 500, recordsEach: 8, warmEach: 4 }
    ]
  : [
      { rows: 1, points: 5000, recordsEach: 100, warmEach: 40, aim: 1.5 },
      { rows: 96, points: 5000, recordsEach: 12, warmEach: 4, aim: 4 },
      { rows: 1000, points: 1000, recordsEach: 12, warmEach: 4 }
    ]

const began = performance.now()
const say = (text: string) => console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`)
const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-'))
const parts: Record<string, () => Promise<Figure[]>> = {
  fold: async () => {
    const figures: Figure[] = []
    for (const size of sizes) {
      say(`records of ${size.rows}`)
      figures.push(...(await kafkaFold(folder, size, rounds)))
    }
    return figures
  },
  lone: () => kafkaLone(folder, quick ? 100 : 500),
  restore: () => kafkaRestore(folder, quick ? 100_000 : 1_000_000),
  live: () => clusterLive(folder, quick ? 100 : 500, say),
  cassandra: () => cassandra(folder, quick ? 1 : 4)
}

try {
  const figures: Figure[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    say(name)
    figures.push(...(await part()))
  }
  const seconds = (performance.now() - began) / 1000
  const text = clusterReportOf(figures, { mode: quick ? 'quick' : 'full', seconds, now: new Date() })
  console.log(text)
  // A part of it, or a quick look, is no result.
  if (!quick && chosen.length === 0) writeChapter('Cluster', text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
