/** Writes docs/asyncapi.json, the topics of any deployment. Run by `npm run generate`; test/schemas/asyncapi.test.ts fails when it was forgotten. */
import { readFileSync, writeFileSync } from 'node:fs'
import { asyncApi } from './asyncapi.js'

/** The text docs/asyncapi.json must have. */
export const asyncApiText = (): string => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  return `${JSON.stringify(asyncApi({ version }), null, 2)}\n`
}

if (process.argv[1]?.endsWith('generate-asyncapi.js')) writeFileSync('docs/asyncapi.json', asyncApiText())
