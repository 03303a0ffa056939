import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../infra/lmdb/open.js'
import { openSchemaCache } from '../../infra/schema-registry/cache.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import { emptyReadings } from '../../schemas/blocks.js'
import { Topics } from '../../schemas/topics.js'
import { Wire } from '../../schemas/wire.js'

let folder: string
let embedded: Embedded
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-'))
  embedded = await openEmbedded(folder)
  await embedded.log.create([Topics.schemas])
})
afterEach(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true, force: true })
})

test('two processes without a registry read each other, whoever came first', async () => {
  const [mine, theirs] = await Promise.all([topicSchemaIds(embedded.log), topicSchemaIds(embedded.log)])
  const [writer, reader] = [await Wire.open(mine), await Wire.open(theirs)]
  const block = { ...emptyReadings(), point: 'p', register: '1.8.0', source: 'test', rows: 1, at: [1], value: [2] }
  for (const column of [block.span, block.quality, block.code, block.flags, block.line]) column.push(0)
  expect(reader.decode('Readings', writer.encode('Readings', block))).toEqual(writer.decode('Readings', writer.encode('Readings', block)))
})

test('a schema of a newer program, registered since, is found in the topic; one that is nowhere is refused', async () => {
  const ids = await topicSchemaIds(embedded.log)
  const newer = await topicSchemaIds(embedded.log)
  const schema = '{"type":"record","name":"Readings","fields":[]}'
  const id = await newer.register('Readings', schema)
  expect(await ids.lookup(id)).toEqual({ name: 'Readings', schema })
  await expect(ids.lookup(id + 1)).rejects.toThrow('No schema has id')
})

test('a schema is written to the topic once, however often programs start', async () => {
  for (let start = 0; start < 3; start++) await Wire.open(await topicSchemaIds(embedded.log))
  const ends = (await embedded.log.ends([Topics.schemas])).get(Topics.schemas)!
  const status = (await embedded.log.status()).find(({ topic }) => topic === Topics.schemas)!
  expect(ends.reduce((sum, end) => sum + end, 0)).toBe(status.records)
  const first = status.records
  await Wire.open(await topicSchemaIds(embedded.log))
  expect((await embedded.log.status()).find(({ topic }) => topic === Topics.schemas)!.records).toBe(first)
})

test('the cache survives a restart; a damaged one is begun anew', async () => {
  const file = join(folder, 'cache', 'schemas.json')
  const cache = openSchemaCache(file)
  await Promise.all([cache.remember(7, 'Readings', 'one'), cache.remember(8, 'Slots', 'two')])
  const again = openSchemaCache(file)
  expect(again.idOf('Readings', 'one')).toBe(7)
  expect(again.schemaOf(8)).toEqual({ name: 'Slots', schema: 'two' })
  expect(again.idOf('Readings', 'two')).toBe(null)
  writeFileSync(file, '{"half')
  expect(openSchemaCache(file).schemaOf(7)).toBe(null)
})
