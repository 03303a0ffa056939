import { readFileSync } from 'node:fs'
import { Parser } from '@asyncapi/parser'
import avro from 'avsc'
import { expect, test } from 'vitest'
import { asyncApi } from '../../schemas/asyncapi.js'
import { asyncApiText } from '../../schemas/generate-asyncapi.js'
import { SCHEMAS } from '../../schemas/generated.js'
import { allTopics } from '../../schemas/topics.js'
import { type ColumnRule, UNFOLDING } from '../../schemas/unfolding.js'

const published = JSON.parse(asyncApiText())

test('docs/asyncapi.json is what the schemas say (else: npm run generate)', () => {
  expect(readFileSync('docs/asyncapi.json', 'utf8')).toBe(asyncApiText())
})

test('the validator of AsyncAPI finds nothing wrong with it, and does find what is', async () => {
  const parser = new Parser()
  // 0 and 1 are errors and warnings; 2 tells that there is a newer AsyncAPI.
  const wrong = async (document: object) =>
    (await parser.parse(JSON.stringify(document))).diagnostics.filter(({ severity }) => severity < 2).map(({ message }) => message)
  const deployed = asyncApi({ version: '1', sources: ['flukso', 'infoenergia'], partitions: 24 })
  expect([await wrong(published), await wrong(deployed)]).toEqual([[], []])
  expect(
    await wrong({ ...published, channels: { slots: { ...published.channels.slots, messages: { Slots: { $ref: '#/nowhere' } } } } })
  ).not.toEqual([])
}, 240_000)

test('every topic of a deployment is in it, with the schema as it is published', () => {
  const { channels, components } = asyncApi({ version: '1', sources: ['flukso'], partitions: 4 })
  const addresses = Object.values(channels).map(({ address }) => address.replace('{source}', 'flukso'))
  expect(addresses.sort()).toEqual(allTopics(['flukso']).sort())
  for (const [name, { payload }] of Object.entries(components.messages)) {
    if (name === 'Json') continue
    const { schema } = payload as { schema: avro.Schema }
    expect(JSON.stringify(schema)).toBe(SCHEMAS[name as keyof typeof SCHEMAS])
    expect((avro.Type.forSchema(schema) as avro.types.RecordType).name).toBe(`wattledger.${name}`)
  }
})

test('what names secrets or people is no contract', () => {
  const internal = Object.values(asyncApi({ version: '1' }).channels).filter((channel) => !channel['x-contract'])
  expect(internal.map(({ address }) => address)).toEqual(
    expect.arrayContaining(['registry.people', 'access.sessions', 'producers.state', 'alert.commands'])
  )
})

/** The cells of the table under a heading of docs/columns.md, without head and rule. */
const tableOf = (heading: string): string[][] => {
  const section = readFileSync('docs/columns.md', 'utf8')
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))!
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''))
  )
}

const inWords = ({ column, empty, plus = [], minus = [], before = [], alone, aloneIf }: ColumnRule): string[] => {
  const sum = [...before.map((name) => `before.${name}`), ...plus].join(' + ') + minus.map((name) => ` - ${name}`).join('')
  const unless = alone !== undefined ? `; an entry of ${alone} is ${alone}` : aloneIf ? `; nothing if ${aloneIf} > 0` : ''
  return [column, sum + unless, String(empty)]
}

test.each(['Readings', 'Intervals', 'Slots'] as const)('x-columns of %s say what docs/columns.md says', (name) => {
  expect(UNFOLDING[name].map(inWords)).toEqual(tableOf(name))
})
