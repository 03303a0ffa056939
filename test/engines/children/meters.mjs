// A street of meters that say what they say, whoever asks again: what each sends at a tick is a function of its number and the tick.
// `publish JOB` sends them as a process of a cluster, each batch when it is due, and says which are acknowledged; `replay JOB` sends all
// of them, and `files`, to an embedded ledger, and writes its hash by point and day to `out`.
import { createReadStream, writeFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPlatform } from '../../../dist/main.js'
import { flukso } from '../../../dist/producers/flukso/source.js'
import { emptyReadings } from '../../../dist/schemas/blocks.js'

const [mode, text] = process.argv.slice(2)
const { settings, meters, batchMeters, ticks, t0, everyMs, from, files, out } = JSON.parse(text)
const say = (told) => writeSync(1, `${JSON.stringify(told)}\n`)

const DAY = 86_400_000
/** Ticks until all that was held back has been sent. */
const LATE = 3

/** A whole number below `below`, by meter, tick and question. */
const draw = (meter, tick, question, below) => {
  let h = Math.imul(meter + 1, 0x9e3779b1) ^ Math.imul(tick + 7, 0x85ebca6b) ^ Math.imul(question + 3, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return ((h ^ (h >>> 16)) >>> 0) % below
}

/** What a meter shows at a tick: rising; some begin again from nothing, and some print a 0 or nonsense now and then. */
const shown = (meter, tick) => {
  const rate = 50 + draw(meter, 0, 1, 200)
  const resetAt = meter % 5 === 0 ? 2 + draw(meter, 0, 2, ticks) : Number.POSITIVE_INFINITY
  const value = (tick < resetAt ? 100_000 + tick * rate : (tick - resetAt) * rate) + draw(meter, tick, 3, rate)
  if (draw(meter, tick, 4, 101) === 0) return 0
  return draw(meter, tick, 5, 211) === 0 ? value + 2 ** 32 : value
}

const isLate = (meter, tick) => draw(meter, tick, 6, 29) === 0
const isTwice = (meter, tick) => draw(meter, tick, 7, 23) === 0

/** One in four counts pulses: a reading each. One in four sends what is some days old, so that its days are closed and get folded. */
const readings = (meter, tick) => {
  const at = t0 - (meter % 4 === 1 ? 3 * DAY : 0) + tick * everyMs - draw(meter, 0, 8, everyMs)
  if (meter % 4 !== 3) return [{ at, value: shown(meter, tick) }]
  return [0, 1, 2, 3].map((pulse) => ({ at: at + (pulse * everyMs) / 4, value: 500 + 4 * tick + pulse }))
}

const sent = (meter, tick) => {
  const ask = (other, wanted) => (other >= 0 && other < ticks && wanted(meter, other) ? readings(meter, other) : [])
  const rows = [
    ...ask(tick - LATE, isLate),
    ...ask(tick - 1, (...of) => isTwice(...of) && !isLate(...of)),
    ...ask(tick, (...of) => !isLate(...of))
  ]
  return rows.sort((a, b) => a.at - b.at)
}

const blockOf = (meter, rows) => {
  const filled = (figure) => rows.map(() => figure)
  return {
    ...emptyReadings(),
    point: `flukso/${meter.toString(16).padStart(32, '0')}`,
    register: '1.8.0',
    kind: 'COUNTER',
    unit: 'Wh',
    source: flukso.name,
    parserVersion: flukso.parserVersion,
    rows: rows.length,
    at: rows.map(({ at }) => at),
    value: rows.map(({ value }) => value),
    span: filled(0),
    quality: filled(4),
    code: filled(0),
    flags: filled(0),
    line: filled(0)
  }
}

const shards = Math.ceil(meters / batchMeters)
const batches = (ticks + LATE) * shards
const batch = (number) => {
  const [tick, first] = [Math.floor(number / shards), (number % shards) * batchMeters]
  const blocks = []
  for (let meter = first; meter < Math.min(meters, first + batchMeters); meter++) {
    const rows = sent(meter, tick)
    if (rows.length > 0) blocks.push(blockOf(meter, rows))
  }
  return { readings: blocks, rejects: [], rows: 0 }
}

if (mode === 'publish') {
  const cast = { producers: true, processors: [], sinks: [], api: false }
  const platform = await openPlatform(settings, { cast })
  platform.watch([], ({ name, error }) => say({ refused: `${name}: ${error?.message}` }))
  let stopping = false
  process.once('SIGTERM', () => {
    stopping = true
  })
  say({ listening: [''] })
  for (let number = from; number < batches && !stopping; ) {
    // What was held back longest does not wait for ticks that nobody disturbs.
    const dueMs = t0 + Math.min(number / shards, ticks) * everyMs - Date.now()
    if (dueMs > 0) {
      await sleep(Math.min(200, dueMs))
      continue
    }
    try {
      say({ acknowledged: number, rows: await platform.publish(flukso, batch(number)) })
      number++
    } catch (error) {
      say({ refused: error.message })
      await sleep(200)
    }
  }
  while (!stopping) await sleep(100)
  // As ours does: with brokers away there is nobody to take leave of.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 15_000).unref()
  await platform.close()
  process.exit()
}

if (mode === 'replay') {
  const platform = await openPlatform(settings)
  for (let number = 0; number < batches; number++) await platform.publish(flukso, batch(number))
  for (const { name, path } of files) await platform.importFile(createReadStream(path), name)
  await platform.settle()
  writeFileSync(out, JSON.stringify([...(await platform.hash())]))
  await platform.close()
}
