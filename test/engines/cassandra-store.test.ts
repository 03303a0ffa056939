import { afterAll, beforeAll, describe } from 'vitest'
import { openCassandra } from '../../infra/cassandra/open.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'
import { storeContract } from '../contracts/store.js'
import { type CassandraRig, cassandraRig } from './cassandra.js'

let rig: CassandraRig
beforeAll(async () => {
  rig = await cassandraRig({ forgetful: true })
}, 240_000)
afterAll(() => rig?.close())

describe('the store on Cassandra', () => {
  storeContract(async () => {
    const settings = rig.settings()
    const ids = memorySchemaIds()
    let store = await openCassandra(settings, await Wire.open(ids))
    return {
      store,
      async reopen() {
        await store.close()
        store = await openCassandra(settings, await Wire.open(ids))
        return store
      },
      close: () => store.close()
    }
  })
})
