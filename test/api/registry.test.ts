import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseRegistry } from '../../schemas/registry.js'
import { type Ledger, openLedger, writeDay } from './ledger.js'

let ledger: Ledger
let headers: Record<string, string>
beforeAll(async () => {
  ledger = await openLedger()
  headers = { ...ledger.as('admin'), 'content-type': 'application/yaml' }
  await writeDay(ledger.store, 'flukso/a')
})
afterAll(() => ledger.close())

const post = async (payload: string, dryRun = false) => {
  const answer = await ledger.app.inject({ method: 'POST', url: `/v1/registry?dryRun=${dryRun}`, headers, payload })
  return { code: answer.statusCode, ...answer.json() }
}
const FILE = `points:
  - point: flukso/a
    name: Kitchen
    registers: { 1.8.0: { factor: 40, dial: 10000 kWh } }
  - { point: flukso/new, validFrom: 2024-03-01, natives: [ flukso/old ] }
`

test('differences first, then applied, then nothing left to do', async () => {
  const dry = await post(FILE, true)
  expect(dry).toMatchObject({ code: 200, applied: false, knownAt: null })
  expect(dry.changes.map(({ text }: { text: string }) => text)).toEqual([
    'flukso/a: changed: name "Name of flukso/a" → "Kitchen"; zone no longer (was Europe/Madrid); * no longer (was the defaults); 1.8.0 factor 40; 1.8.0 dial 10000 kWh',
    'flukso/new, from 2024-02-29T23:00:00Z on: added: natives flukso/old'
  ])
  expect(ledger.registryRows).toEqual([])
  const done = await post(FILE)
  expect(done).toMatchObject({ code: 200, applied: true, changes: dry.changes })
  expect(ledger.registryRows.map(({ point, knownAt }) => [point, new Date(knownAt).toISOString()])).toEqual([
    ['flukso/a', done.knownAt],
    ['flukso/new', done.knownAt]
  ])
  expect(await post(FILE)).toMatchObject({ applied: false, changes: [] })
})

test('the export is the file again', async () => {
  const answer = await ledger.app.inject({ url: '/v1/registry', headers })
  expect(answer.headers['content-type']).toContain('application/yaml')
  const wanted = parseRegistry(FILE, 'a', { sourceZone: () => 'Europe/Brussels' })
  expect(parseRegistry(answer.body, 'b')).toEqual(wanted)
})

test('problems name line, key and mend; nothing is entered', async () => {
  const before = ledger.registryRows.length
  const typo = await post('points:\n  - point: flukso/a\n    dail: 5 kWh\n')
  expect(typo).toMatchObject({
    code: 400,
    error: {
      code: 'bad_request',
      issues: [{ path: 'line 3: points[0].dail', message: 'nobody knows this key here. Did you mean "dial"?' }]
    }
  })
  const small = 'points: [ { point: flukso/a, registers: { 1.8.0: { dial: 10 kWh } } }, { point: flukso/b, natives: [ flukso/old ] } ]'
  const refused = await post(small)
  expect([refused.code, refused.error.issues.map(({ path }: { path: string }) => path)]).toEqual([
    400,
    ['flukso/a: 1.8.0 dial', 'flukso/new: natives']
  ])
  expect(refused.error.message).toContain('already shows 25 kWh, past a dial of 10 kWh')
  expect((await post(small, true)).findings.map(({ level }: { level: string }) => level)).toEqual(['error', 'error'])
  expect(ledger.registryRows.length).toBe(before)
  expect((await post('points: ['.repeat(3))).code).toBe(400)
  const large = await ledger.app.inject({ method: 'POST', url: '/v1/registry', headers, payload: '#'.repeat(60_000) })
  expect([large.statusCode, large.json().error.code]).toEqual([413, 'too_large'])
  const json = await ledger.app.inject({
    method: 'POST',
    url: '/v1/registry',
    headers: { ...headers, 'content-type': 'application/json' },
    payload: '{}'
  })
  expect(json.statusCode).toBe(400)
})
