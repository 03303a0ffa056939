import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalRegistry, startRegistry } from '../../infra/local/registry.js'
import { openSchemaCache } from '../../infra/schema-registry/cache.js'
import { type ConfluentOptions, confluentSchemaIds } from '../../infra/schema-registry/confluent.js'
import { SCHEMAS } from '../../schemas/generated.js'
import { NotARecord, Wire } from '../../schemas/wire.js'

const folder = mkdtempSync(join(tmpdir(), 'wattledger-registry-'))
let registry: LocalRegistry
beforeAll(async () => {
  registry = await startRegistry(folder)
})
afterAll(async () => {
  await registry.stop()
  rmSync(folder, { recursive: true, force: true })
})

const idsWith = (said: Partial<ConfluentOptions> = {}) => confluentSchemaIds({ url: registry.url, cache: openSchemaCache(), ...said })
const reject = {
  source: 'test',
  origin: 'o',
  name: 'n',
  line: 1,
  field: 'f',
  reason: 'r',
  expected: 'e',
  found: 'x',
  advice: 'a',
  ingestedAt: 1,
  parserVersion: 1
}

test('programs that know nothing of each other agree on ids, and read each other', async () => {
  const [writer, reader] = [await Wire.open(idsWith()), await Wire.open(idsWith())]
  const bytes = writer.encode('Reject', reject)
  expect(reader.decode('Reject', bytes)).toEqual(reject)
  // Somebody who knows only the registry: the id in the frame leads to the schema.
  const answer = (await (await fetch(`${registry.url}/schemas/ids/${bytes.readUInt32BE(1)}`)).json()) as { schema: string }
  expect(JSON.parse(answer.schema).name).toBe('Reject')
})

test('the original text is registered, with its logical types, under the record’s name', async () => {
  await Wire.open(idsWith())
  const subjects = (await (await fetch(`${registry.url}/subjects`)).json()) as string[]
  expect(subjects).toEqual(expect.arrayContaining(Object.keys(SCHEMAS).map((name) => `wattledger.${name}`)))
  const known = (await (await fetch(`${registry.url}/subjects/wattledger.Readings/versions/latest`)).json()) as { schema: string }
  expect(JSON.parse(known.schema)).toEqual(JSON.parse(SCHEMAS.Readings))
})

test('a schema that old readers could not take is refused, with what to do', async () => {
  await Wire.open(idsWith())
  const broken = JSON.stringify({ type: 'record', name: 'Reject', namespace: 'wattledger', fields: [{ name: 'other', type: 'long' }] })
  await expect(idsWith().register('Reject', broken)).rejects.toThrow(/incompatible/)
  await expect(idsWith().lookup(999_999)).rejects.toThrow(NotARecord)
})

test('while the registry is away, what was learnt goes on, also over a restart; what is new waits for it', async () => {
  const file = join(folder, 'cache.json')
  await Wire.open(idsWith({ cache: openSchemaCache(file) }))
  const port = Number(new URL(registry.url).port)
  await registry.kill()
  const restarted = await Wire.open(idsWith({ cache: openSchemaCache(file) }))
  expect(restarted.decode('Reject', restarted.encode('Reject', reject))).toEqual(reject)
  await expect(idsWith({ patienceMs: 200 }).lookup(1)).rejects.toThrow(/does not answer/)
  const told: string[] = []
  const waiting = Wire.open(idsWith({ onWaiting: (message) => told.push(message) }))
  registry = await startRegistry(folder, port)
  expect((await waiting).encode('Reject', reject).length).toBeGreaterThan(5)
  expect(told.length).toBeGreaterThan(0)
  expect(told[0]).toContain('Waiting for it')
})
