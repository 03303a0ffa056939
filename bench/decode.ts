import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import type { Parsed, Payload } from '../producers/contract.js'
import { parseBlock } from '../producers/flukso/parse.js'
import { infoenergia } from '../producers/infoenergia/source.js'
import type { Figure } from './figure.js'
import { curveMonth, curveName, firstBlock, sidOf, tmpoBlock, tmpoName } from './made-up.js'
import { type Effort, timeBeside } from './time.js'

const RECEIVED = Date.UTC(2025, 1, 1)

const rowsOf = ({ readings }: Parsed): number => readings.reduce((sum, { rows }) => sum + rows, 0)

const expectRows = (found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`Made ${wanted} readings, read ${found}.`)
}

const tmpo = async (effort: Effort, level: number): Promise<Figure> => {
  const sid = sidOf(0)
  const bid = firstBlock(level)
  const bytes = tmpoBlock(sid, level, bid)
  const samples = 2 ** level / 8
  const meta = { name: tmpoName(sid, level, bid), origin: 'ab'.repeat(32), receivedAt: RECEIVED }
  const ours = () => {
    let rows = 0
    for (const parsed of parseBlock(bytes, meta)) rows += rowsOf(parsed)
    expectRows(rows, samples)
  }
  const peer = () => JSON.parse(gunzipSync(bytes).toString('utf8'))
  const [ms, peerMs] = await timeBeside(effort, [ours, peer])
  return {
    part: 'Decode',
    what: `tmpo block of level ${level}: gzip to readings`,
    value: (samples / ms) * 1000,
    unit: 'samples/s',
    aim: { least: 3e6 },
    peer: { name: 'gunzip and JSON.parse alone', value: (samples / peerMs) * 1000 },
    note: 'no decoder can pass gunzip and JSON.parse, which are the larger part of the time'
  }
}

const payloadOf = (text: Buffer): Payload => ({
  name: curveName(0),
  origin: 'ab'.repeat(32),
  receivedAt: RECEIVED,
  bytes: text.length,
  open: async function* () {
    for (let at = 0; at < text.length; at += 65_536) yield text.subarray(at, at + 65_536)
  }
})

const f5d = async (effort: Effort): Promise<Figure> => {
  const text = Buffer.from(curveMonth(0, 40), 'latin1')
  const payload = payloadOf(text)
  const lines = text.toString('latin1').split('\n').length - 1
  const ours = async () => {
    let rows = 0
    for await (const parsed of infoenergia.parse(payload)) rows += rowsOf(parsed)
    expectRows(rows, lines * 6)
  }
  const peer = () => Papa.parse<string[]>(text.toString('latin1'), { delimiter: ';', newline: '\n', fastMode: true }).data.length
  const [ms, peerMs] = await timeBeside(effort, [ours, peer])
  return {
    part: 'Decode',
    what: 'F5D: text to readings (six of each row)',
    value: (lines / ms) * 1000,
    unit: 'rows/s',
    aim: { least: 1e6 },
    peer: { name: 'papaparse alone', value: (lines / peerMs) * 1000 },
    note: 'papaparse itself takes part of the time; a row is six readings'
  }
}

export const decode = async (effort: Effort): Promise<Figure[]> => [await tmpo(effort, 16), await tmpo(effort, 20), await f5d(effort)]
