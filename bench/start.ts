import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Figure, median } from './figure.js'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))
const PAGE = fileURLToPath(new URL('../page/index.html', import.meta.url))
const DEMO_PORT = 8080
const PATIENCE_MS = 60_000

const freePort = async (port: number): Promise<number | null> => {
  const server = createServer()
  const listening = await new Promise<boolean>((resolve) =>
    server
      .once('error', () => resolve(false))
      .once('listening', () => resolve(true))
      .listen(port, '127.0.0.1')
  )
  if (!listening) return null
  const found = (server.address() as { port: number }).port
  server.close()
  await once(server, 'close')
  return found
}

interface Answer {
  status: number
  /** As it came over the wire: compressed where the server compresses. */
  bytes: Buffer
}

const ask = (url: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'br' } }, (response: IncomingMessage) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(pieces) }))
    }).on('error', reject)
  })

/** Milliseconds until the first page is there. */
const started = async (folder: string, address: string): Promise<{ ms: number; process: ChildProcess }> => {
  const began = performance.now()
  const process_ = spawn(process.execPath, [MAIN, 'start', '--json'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const url = existsSync(PAGE) ? `${address}/` : `${address}/healthz`
  while (performance.now() - began < PATIENCE_MS) {
    const answer = await ask(url).catch(() => null)
    if (answer?.status === 200) return { ms: performance.now() - began, process: process_ }
    if (process_.exitCode !== null) throw new Error(`start ended with ${process_.exitCode}.`)
    await sleep(5)
  }
  throw new Error(`No page within ${PATIENCE_MS} ms.`)
}

/** Bytes of what a browser loads for `/`: the page and what it names. */
const weigh = async (address: string): Promise<number> => {
  let bytes = (await ask(`${address}/`)).bytes.length
  const text = await (await fetch(`${address}/`)).text()
  for (const [, path] of text.matchAll(/(?:src|href)="(\/[^"]+|\.\/[^"]+)"/g)) {
    const answer = await ask(new URL(path, `${address}/`).href)
    if (answer.status !== 200) throw new Error(`${path} of the page was answered with ${answer.status}.`)
    bytes += answer.bytes.length
  }
  return bytes
}

export const starts = async (folder: string, runs: number): Promise<Figure[]> => {
  // Without settings it is the demo, which has an address of its own.
  const demo = (await freePort(DEMO_PORT)) !== null
  const port = demo ? DEMO_PORT : await freePort(0)
  const address = `http://127.0.0.1:${port}`
  const fresh: number[] = []
  const again: number[] = []
  let weight: number | null = null
  for (let i = 0; i < runs; i++) {
    const home = join(folder, `start-${i}`)
    mkdirSync(home)
    if (!demo) writeFileSync(join(home, 'wattledger.yaml'), `http:\n  listen: ['127.0.0.1:${port}']\n`)
    for (const times of [fresh, again]) {
      const { ms, process } = await started(home, address)
      times.push(ms)
      // Long enough for the demo to be in full play.
      await sleep(4000)
      if (existsSync(PAGE)) weight ??= await weigh(address)
      process.kill('SIGTERM')
      await once(process, 'exit')
    }
  }
  const part = 'Start to first page'
  const of = `${demo ? 'the demo' : `an empty ledger (port ${DEMO_PORT} is taken)`}, until ${existsSync(PAGE) ? 'the page' : '/healthz: no page is built'}`
  const figure = { part, unit: 's', aim: { most: 2 } }
  return [
    { ...figure, what: `${of}, fresh folder`, value: median(fresh) / 1000 },
    { ...figure, what: `${of}, existing folder`, value: median(again) / 1000 },
    ...(weight === null
      ? []
      : [{ part: 'Page weight', what: 'what / loads, over the wire', value: weight / 1000, unit: 'kB', aim: { most: 150 } }])
  ]
}
