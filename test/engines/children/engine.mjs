// Starts a broker in a folder, says its pid, and does nothing about signals.
import { startKafka } from '../../../dist/infra/local/kafka.js'

const [folder] = process.argv.slice(2)
const { nodes } = await startKafka(folder)
process.stdout.write(`${nodes[0].pid}\n`)
setInterval(() => {}, 60_000)
