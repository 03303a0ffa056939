// Claims the folder, says whether it got it, and holds it until it is killed or its input ends.
import { writeSync } from 'node:fs'
import { claim } from '../../../dist/infra/owner.js'

const [folder, address] = process.argv.slice(2)
const claimed = await claim(folder, { address })
writeSync(1, `${JSON.stringify('heldBy' in claimed ? { heldBy: claimed.heldBy } : { pid: process.pid })}\n`)
if (!('heldBy' in claimed)) {
  process.stdin.resume()
  process.stdin.on('end', async () => {
    await claimed.release()
    process.exit(0)
  })
}
