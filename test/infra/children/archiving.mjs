// Appends numbers and archives them at once, until it is killed.
import { writeSync } from 'node:fs'
import { openEmbedded } from '../../../dist/infra/lmdb/open.js'

const [folder] = process.argv.slice(2)
const { log } = await openEmbedded(folder)
await log.create(['in'])
writeSync(1, 'open\n')
let next = (await log.ends(['in'])).get('in').reduce((sum, end) => sum + end, 0)
for (;;) {
  await log.append(
    'in',
    Array.from({ length: 50 }, () => ({ key: `k${next % 23}`, value: Buffer.from(String(next++)) }))
  )
  await log.archive(-1)
}
