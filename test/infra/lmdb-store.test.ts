import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openEmbedded } from '../../infra/lmdb/open.js'
import { storeContract } from '../contracts/store.js'

describe('the store on LMDB', () => {
  storeContract(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wattledger-store-'))
    let embedded = await openEmbedded(folder)
    return {
      store: embedded.store,
      async reopen() {
        await embedded.close()
        embedded = await openEmbedded(folder)
        return embedded.store
      },
      async close() {
        await embedded.close()
        rmSync(folder, { recursive: true })
      }
    }
  })
})
