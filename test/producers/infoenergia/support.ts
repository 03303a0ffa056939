import { existsSync, readFileSync } from 'node:fs'
import type { Payload } from '../../../producers/contract.js'
import { infoenergia } from '../../../producers/infoenergia/source.js'
import type { Readings, Reject } from '../../../schemas/generated.js'

export const RECORDED = 'test/recorded/infoenergia/'
/** Public samples under another licence, beside the checkout. */
export const REAL_F5D = ['../shared/data/infoenergia/real/cch/F5D_0237_0762_20211008.0'].find(existsSync)

export const recorded = (name: string): Buffer => readFileSync(RECORDED + name)

export const payloadOf = (name: string, bytes: Buffer, chunk = 64 * 1024): Payload => ({
  name,
  origin: 'f'.repeat(64),
  receivedAt: Date.parse('2024-09-01T00:00Z'),
  bytes: bytes.length,
  open: async function* () {
    for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk)
  }
})

export const parsed = async (name: string, body: Buffer | string, chunk?: number) => {
  const readings: Readings[] = []
  const rejects: Reject[] = []
  let rows = 0
  for await (const piece of infoenergia.parse(payloadOf(name, Buffer.from(body), chunk))) {
    readings.push(...piece.readings)
    rejects.push(...piece.rejects)
    rows += piece.rows
  }
  return { readings, rejects, rows }
}

/** Rows of one register over all blocks. */
export const rowsOf = (readings: readonly Readings[], register = '1.8.0') =>
  readings
    .filter((block) => block.register === register)
    .flatMap((block) =>
      block.at.map((at, i) => ({
        point: block.point,
        start: at - block.span[i],
        end: at,
        value: block.value[i],
        quality: block.quality[i],
        code: block.code[i],
        flags: block.flags[i],
        line: block.line[i]
      }))
    )

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
export const utc = (text: string): number => Date.parse(text)
