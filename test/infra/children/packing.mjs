// Packs payloads, eight at a time, until it is killed. Says which were acknowledged.
import { randomBytes, randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openArchive } from '../../../dist/infra/archive.js'

const [folder] = process.argv.slice(2)
const archive = await openArchive(folder)
const put = async () => {
  for (;;) {
    const name = randomUUID()
    await archive.put([randomBytes(1 + Math.floor(Math.random() * 2000))], { name, receivedAt: Date.now(), packed: true })
    writeSync(1, `${name}\n`)
  }
}
for (let i = 0; i < 8; i++) put()
