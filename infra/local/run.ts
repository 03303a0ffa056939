import { startKafka } from './kafka.js'

/**
 * Runs a real Kafka for a developer until it is interrupted: `node dist/infra/local/run.js kafka FOLDER [BROKERS]`.
 */
const [engine, folder, size = '1'] = process.argv.slice(2)
if (engine !== 'kafka' || folder === undefined || !['1', '3'].includes(size)) {
  process.stderr.write('Say which engine and where its data goes: kafka FOLDER [1 or 3 brokers]\n')
  process.exit(2)
}
const cluster = await startKafka(folder, { size: Number(size) })
process.stdout.write(`${cluster.brokers.join(',')}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await cluster.close()
    process.exit(0)
  })
