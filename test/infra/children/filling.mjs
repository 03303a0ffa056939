// Appends to `in` and copies to `out` until the disk is full (a limit set by whoever starts it), and says what happened.
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openArchive } from '../../../dist/infra/archive.js'
import { openEmbedded } from '../../../dist/infra/lmdb/open.js'

const say = (line) => writeSync(1, `${line}\n`)
const [folder, mode] = process.argv.slice(2)

if (mode === 'raw') {
  const archive = await openArchive(folder)
  const put = (bytes) => archive.put([randomBytes(bytes)], { name: `${bytes} bytes`, receivedAt: 1 })
  await put(10_000_000).catch((error) => say(`failed ${error.name}: ${error.message}`))
  await put(1000).then(() => say('small'))
  process.exit(0)
}

if (mode === 'packed') {
  const archive = await openArchive(folder)
  const put = (name, bytes) => archive.put([randomBytes(bytes)], { name, receivedAt: 1, packed: true })
  for (let i = 0; i < 40; i++)
    await put(`large ${i}`, 100_000).then(
      () => say(`large ${i}`),
      (error) => say(`failed ${error.name}: ${error.message}`)
    )
  await put('small', 1000).then(() => say('small'))
  process.exit(0)
}

const { log, store, close } = await openEmbedded(folder)
await log.create(['in', 'out'])
const record = (number) => ({ key: `k${number % 23}`, value: Buffer.concat([Buffer.from(`${number} `), randomBytes(20_000)]) })

if (mode === 'copy') {
  const run = log.process('copy', ['in'], {
    batch: (_, records) => ({ outputs: records.map(({ key, value }) => ({ topic: 'out', key, value })), states: new Map() })
  })
  await run.ended.catch((error) => say(`failed ${error.name}: ${error.message}`))
} else {
  let failures = 0
  for (let number = 0; failures < 3; ) {
    try {
      // Several at once share a commit: one that fails must not be acknowledged by another's success.
      const numbers = [number, number + 1, number + 2]
      const results = await Promise.allSettled(numbers.map((each) => log.append('in', [record(each)])))
      for (const [i, { status, reason }] of results.entries()) {
        if (status === 'rejected') throw reason
        say(`stored ${numbers[i]}`)
        number++
      }
    } catch (error) {
      failures++
      say(`failed ${error.name}: ${error.message}`)
      // Small enough for the pages that are free: the environment is still of use.
      if (failures === 3)
        await store
          .write({
            latest: [
              { point: 'p', register: 'r', source: '', kind: '', unit: '', scale: 0, device: '', at: 1, value: 1, quality: 0, firstAt: 1 }
            ]
          })
          .then(
            () => say('small'),
            (error) => say(`small ${error.name}`)
          )
    }
  }
}
await close()
say('closed')
