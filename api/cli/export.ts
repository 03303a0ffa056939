import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { extname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SingleBar } from 'cli-progress'
import { type Command, Option } from 'commander'
import { FORMAT_NAMES } from '../export/formats.js'
import type { WithLedger } from './command.js'
import { thousands } from './table.js'

interface Options {
  points?: string[]
  registers?: string[]
  from: string
  to?: string
  grid: string
  zone?: string
  asKnownAt?: string
  format?: string
  out?: string
  json?: boolean
}

/** `wattledger export --points P… --from DAY --out FILE` */
export const exportCommand = (command: Command, withLedger: WithLedger): void => {
  command
    .description('slots, intervals or readings of any points as CSV, JSON lines or Parquet (docs/exports.md)')
    .option('--points <point...>', 'only these (default: all)')
    .option('--registers <register...>', 'only these (default: all that count something)')
    .requiredOption('--from <instant>', 'day or instant; without a zone, local time of each point')
    .option('--to <instant>', 'day or instant, excluded (default: now)')
    .option('--grid <grid>', 'PT15M, PT1H, P1D, P1M, any other that divides a day, intervals or readings', 'PT1H')
    .option('--zone <zone>', 'IANA zone (default: each point’s)')
    .option('--as-known-at <instant>', 'as it would have been answered then (default: now)')
    .addOption(new Option('--format <format>', 'default: what the name after --out says, else csv').choices(FORMAT_NAMES))
    .option('--out <file>', 'file to write (default: stdout); it appears when it is whole')
    .action(async (options: Options) => {
      await withLedger(options, async (ledger, say) => {
        const { bytes, lines, seconds } = await written(ledger.getBytes(`/v1/export?${query(options)}`), options)
        const rows = formatOf(options) === 'parquet' ? '' : `${thousands(lines)} lines, `
        say.say(`${rows}${thousands(bytes)} bytes in ${seconds.toFixed(1)} s${options.out === undefined ? '' : `: ${options.out}`}`)
        return 0
      })
    })
}

const formatOf = ({ format, out }: Options): string =>
  format ?? FORMAT_NAMES.find((name) => out !== undefined && extname(out).toLowerCase() === `.${name}`) ?? 'csv'

const query = (options: Options): URLSearchParams => {
  const { points = [], registers = [], from, to, grid, zone, asKnownAt } = options
  const params = new URLSearchParams({ from, grid, format: formatOf(options) })
  for (const point of points) params.append('point', point)
  for (const register of registers) params.append('register', register)
  for (const [key, value] of Object.entries({ to, zone, asKnownAt })) if (value !== undefined) params.set(key, value)
  return params
}

interface Written {
  bytes: number
  /** Of text: one is the head, one the end. */
  lines: number
  seconds: number
}

const NEWLINE = 10

const written = async (given: AsyncIterable<Uint8Array>, { out, json }: Options): Promise<Written> => {
  const done: Written = { bytes: 0, lines: 0, seconds: 0 }
  const began = performance.now()
  const bar = new SingleBar({ format: '{bytes} bytes  {lines} lines  {rate} bytes/s', stream: process.stderr, hideCursor: true })
  const shown = process.stderr.isTTY && out !== undefined && !json
  const counted = async function* () {
    for await (const piece of given) {
      done.bytes += piece.length
      for (const byte of piece) if (byte === NEWLINE) done.lines++
      done.seconds = (performance.now() - began) / 1000
      const rate = thousands(Math.round(done.bytes / done.seconds))
      if (shown) bar.update(done.bytes, { bytes: thousands(done.bytes), lines: thousands(done.lines), rate })
      yield piece
    }
  }
  if (shown) bar.start(Number.MAX_SAFE_INTEGER, 0, { bytes: 0, lines: 0, rate: 0 })
  try {
    if (out === undefined) await pipeline(counted, process.stdout, { end: false })
    else await toFile(counted(), out)
  } catch (error) {
    // Whoever reads stdout has seen enough, as `head` has.
    if ((error as { code?: string }).code !== 'EPIPE') throw error
  } finally {
    if (shown) bar.stop()
  }
  return done
}

/** Under another name until it is whole: what is found under its own was not cut. */
export const toFile = async (bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, out: string): Promise<void> => {
  const part = `${out}.part`
  try {
    await pipeline(bytes, createWriteStream(part))
    await rename(part, out)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
