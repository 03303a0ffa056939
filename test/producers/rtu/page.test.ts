import { describe, expect, test } from 'vitest'
import type { Payload } from '../../../producers/contract.js'
import { linkIn, type Page, parsePage } from '../../../producers/rtu/page.js'
import { fileOf, rtu } from '../../../producers/rtu/source.js'
import { Quality } from '../../../schemas/quality.js'
import { recordedPage } from './pages.js'

const POLLED = Date.parse('2022-07-01T11:26:02.250Z')
const page = (more: Partial<Page> = {}): Page => ({
  name: 'cabin',
  zone: 'Europe/Brussels',
  file: 'page.html',
  origin: 'f'.repeat(64),
  receivedAt: POLLED,
  ...more
})
const SEVEN = [
  ['cos-phi', -0.9123, 'none'],
  ['active-power', 28480, 'W'],
  ['apparent-power', 31220, 'VA'],
  ['reactive-power', -5980, 'var'],
  ['voltage-1-2', 236.9, 'V'],
  ['voltage-2-3', 237.119995, 'V'],
  ['voltage-3-1', 237.25, 'V']
]
const figures = (html: string, of = page()) =>
  parsePage(html, of).readings.map(({ register, value, scale, unit }) => [
    register,
    Number((value[0] * 10 ** -scale).toPrecision(15)),
    unit
  ])
const times = (html: string, of = page()) => [
  ...new Set(
    parsePage(html, of).readings.map(({ at, quality, attrs }) => `${new Date(at[0]).toISOString()} ${quality[0]} ${attrs.timeValid}`)
  )
]

describe('A18 pages of an RTU', () => {
  test('A18 the link to the measures', () => {
    expect(linkIn(recordedPage('hwtree'))).toBe('/ABBRTU560/hwTree_pdInfoMon?IDNR=0&REF=549&MODE=1')
  })
  test('A18 the same seven values on both pages, as printed', () => {
    expect(figures(recordedPage('pdinfo-valid-time'))).toEqual(SEVEN)
    expect(figures(recordedPage('pdinfo-invalid-time'))).toEqual(SEVEN)
  })
  test('A18 valid time: 2022-07-01T13:25:18 local, of all seven', () => {
    expect(times(recordedPage('pdinfo-valid-time'))).toEqual([`2022-07-01T11:25:18.000Z ${Quality.RAW} true`])
  })
  test('A18 invalid time: when it was fetched, marked as such', () => {
    expect(times(recordedPage('pdinfo-invalid-time'))).toEqual([`2022-07-01T11:26:02.250Z ${Quality.QUESTIONABLE} false`])
    expect(parsePage(recordedPage('pdinfo-invalid-time'), page()).readings[0].attrs).toEqual({
      file: 'page.html',
      measure: 'COS PHI',
      timeValid: 'false',
      flags: 'TIV SB'
    })
  })
})

const row = (name: string, printed: string, when: string) =>
  `<tr><td>MFI:</td><td>${name}</td><td>${printed}</td><td><span>(${when})</span></td></tr>`
const table = (...rows: string[]) => `<table>${rows.join('')}</table>`

describe('time', () => {
  test('where only some clocks are wrong, the first valid one tells', () => {
    const html = table(
      row('COS PHI', '1.0', '2022-07-01, 13:00:00.000 ST TIV'),
      row('PUISSANCE ACTIVE', '2.0', '2022-07-01, 13:25:10.999 ST NSY SB'),
      row('PUISSANCE REACTIVE', '3.0', '2022-07-01, 13:24:00.000 ST')
    )
    expect(times(html)).toEqual(['2022-07-01T11:25:10.000Z 4 true'])
  })
  const autumn = table(row('COS PHI', '1.0', '2022-10-30, 02:30:00.000 ST'))
  test('in the hour that repeats, the instant nearest to the poll', () => {
    expect(times(autumn, page({ receivedAt: Date.parse('2022-10-30T00:31:00Z') }))).toEqual(['2022-10-30T00:30:00.000Z 4 true'])
    expect(times(autumn, page({ receivedAt: Date.parse('2022-10-30T01:31:00Z') }))).toEqual(['2022-10-30T01:30:00.000Z 4 true'])
  })
  test('a time that never was is no time', () => {
    const spring = table(row('COS PHI', '1.0', '2022-03-27, 02:30:00.000 ST'))
    expect(times(spring, page({ receivedAt: POLLED }))).toEqual([`2022-07-01T11:26:02.250Z ${Quality.QUESTIONABLE} false`])
  })
  test('another zone', () => {
    expect(times(autumn, page({ zone: 'UTC' }))).toEqual(['2022-10-30T02:30:00.000Z 4 true'])
  })
})

describe('what a page holds', () => {
  const WHEN = '2022-07-01, 13:25:18.694 ST'
  test('a measure of another plant has its name for a register', () => {
    expect(figures(table(row('Courant phase n° 1 (été)', '12.500', WHEN)))).toEqual([['courant-phase-n-1-ete', 12.5, 'none']])
  })
  test('a row without a figure is a reject of its line; the others are read', () => {
    const { readings, rejects } = parsePage(table(row('COS PHI', 'n/a', WHEN), row('PUISSANCE ACTIVE', '5', WHEN)), page())
    expect(readings.map(({ register, line }) => [register, line])).toEqual([['active-power', [2]]])
    expect(rejects.map(({ reason, line, found }) => [reason, line, found])).toEqual([['no-figure', 1, 'COS PHI: n/a']])
  })
  test('figures too long to be exact are none', () => {
    expect(parsePage(table(row('COS PHI', '12345678901234567', WHEN)), page()).rejects.length).toBe(1)
  })
  test('a page of something else is one reject that shows how it begins', () => {
    const { readings, rejects } = parsePage('<html><body>Session expired</body></html>', page())
    expect([readings, rejects[0].reason, rejects[0].found.includes('Session expired')]).toEqual([[], 'no-measures', true])
  })
  test('a tree without measures has no link', () => expect(linkIn('<a>x</a><a href="/other">y</a>')).toBe(null))
})

test('the archive keeps what the bytes do not say, so that a page can be read again', async () => {
  const file = fileOf('cabin', 'Europe/Brussels', POLLED)
  expect([file, rtu.recognises(file, Buffer.alloc(0))]).toEqual(['rtu/cabin/2022-07-01T112602.250Z.html?zone=Europe/Brussels', true])
  for (const other of ['cabin.html', 'rtu/cabin/x.html?zone=Nowhere/Land', 'rtu/a/b/c.html?zone=UTC', `rtu/cabin/${'x'.repeat(32)}.gz`])
    expect([other, rtu.recognises(other, Buffer.alloc(0))]).toEqual([other, false])
  const bytes = Buffer.from(recordedPage('pdinfo-invalid-time'))
  const payload: Payload = {
    name: file,
    origin: '',
    receivedAt: POLLED,
    bytes: bytes.length,
    open: async function* () {
      yield bytes
    }
  }
  for await (const { readings } of rtu.parse(payload)) {
    expect(readings.map(({ point }) => point)).toEqual(new Array(7).fill('rtu/cabin'))
    expect(readings[0].at).toEqual([POLLED])
  }
  // The same page an hour later is another reading.
  expect(rtu.says?.(file)).not.toBe(rtu.says?.(fileOf('cabin', 'Europe/Brussels', POLLED + 3_600_000)))
})
