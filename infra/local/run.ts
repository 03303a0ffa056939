import { startInflux } from './influx.js'
import { startKafka } from './kafka.js'
import { startMosquitto } from './mosquitto.js'

/**
 * Runs a real engine for a developer until it is interrupted: `node dist/infra/local/run.js kafka FOLDER [BROKERS]`, or
 * `… influx FOLDER` (organisation `local`, bucket `wattledger`, token as printed), or `… mosquitto FOLDER`.
 */
const TOKEN = 'local-development-only'

const kafka = async (folder: string, size: string) => {
  const { brokers, close } = await startKafka(folder, { size: Number(size) })
  return { says: brokers.join(','), close }
}
const influx = async (folder: string) => {
  const { url, stop } = await startInflux(folder, { token: TOKEN })
  return { says: `${url} ${TOKEN}`, close: stop }
}

const mosquitto = async (folder: string) => {
  const { url, stop } = await startMosquitto(folder)
  return { says: url, close: stop }
}

const [engine, folder, size = '1'] = process.argv.slice(2)
const begin = new Map([
  ['kafka', kafka],
  ['influx', influx],
  ['mosquitto', mosquitto]
]).get(engine)
if (!begin || folder === undefined || !['1', '3'].includes(size)) {
  process.stderr.write('Say which engine and where its data goes: kafka FOLDER [1 or 3 brokers], influx FOLDER, or mosquitto FOLDER\n')
  process.exit(2)
}
const { says, close } = await begin(folder, size)
process.stdout.write(`${says}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await close()
    process.exit(0)
  })
