import { SingleBar } from 'cli-progress'
import type { Command } from 'commander'
import type { WithLedger } from './command.js'
import { Misuse } from './command.js'
import type { Imported, Ledger } from './ledger.js'
import type { Output } from './output.js'
import { table, thousands } from './table.js'

export interface ToImport {
  path: string
  name: string
  bytes: number
}

/** Finds files and folders, oldest first as far as names tell. */
export type FindFiles = (paths: readonly string[]) => Promise<ToImport[]>

/** `wattledger import FILE…` */
export const importCommand = (command: Command, withLedger: WithLedger, findFiles: FindFiles): void => {
  command
    .description('read files, or folders of files, into the ledger; the same file again changes nothing')
    .argument('<file...>', 'files or folders')
    .action(async (paths: string[], options) => {
      const files = await findFiles(paths)
      if (files.length === 0) throw new Misuse(`There is no file in ${paths.join(', ')}.`)
      await withLedger(options, (ledger, out) => importFiles(ledger, out, files), true)
    })
}

const importFiles = async (ledger: Ledger, out: Output, files: readonly ToImport[]): Promise<number> => {
  const began = performance.now()
  const bar = new SingleBar({
    format: '{bar} {value}/{total} files  {rows} rows  {rate} rows/s  {file}',
    stream: process.stderr,
    noTTYOutput: false,
    hideCursor: true
  })
  const shown = process.stderr.isTTY && files.length > 0 && !out.json
  let rows = 0
  const state = () => ({ rows: thousands(rows), rate: thousands(Math.round((rows * 1000) / Math.max(1, performance.now() - began))) })
  if (shown) bar.start(files.length, 0, { ...state(), file: '' })
  const results: Imported[] = []
  for (const [i, file] of files.entries()) {
    const before = rows
    const result = await ledger.importFile(file.path, file.name, (more) => {
      rows += more
      if (shown) bar.update(i, { ...state(), file: file.name })
    })
    if (rows === before) rows += result.readings
    results.push(result)
    if (out.json) out.object({ ...result }, () => '')
    if (shown) bar.update(i + 1, { ...state(), file: file.name })
  }
  if (shown) bar.stop()
  await ledger.settle()
  return summary(out, results, rows, (performance.now() - began) / 1000)
}

const summary = (out: Output, results: readonly Imported[], rows: number, seconds: number): number => {
  const readings = results.reduce((sum, { readings }) => sum + readings, 0)
  const known = results.filter(({ already }) => already).length
  const rejects = new Map<string, { count: number; example: string }>()
  for (const { name, rejects: list } of results) {
    for (const { reason, count, examples } of list) {
      const [first] = examples
      const entry = rejects.get(reason) ?? {
        count: 0,
        example: first
          ? `${name}${first.line > 0 ? `:${first.line}` : ''} ${first.field}: expected ${first.expected}, found ${first.found}`
          : name
      }
      rejects.set(reason, { ...entry, count: entry.count + count })
    }
  }
  out.say(
    `${thousands(results.length)} files, ${thousands(readings)} readings in ${seconds.toFixed(1)} s (${thousands(Math.round(rows / Math.max(seconds, 0.001)))} rows/s)${known > 0 ? `; ${thousands(known)} files were known already` : ''}`
  )
  if (rejects.size === 0) return 0
  out.say(
    `\nNot read, kept aside (wattledger rejects):\n${table(
      ['reason', 'count', 'for example'],
      [...rejects].map(([reason, { count, example }]) => [reason, thousands(count), example.slice(0, 140)])
    )}`
  )
  return 2
}
