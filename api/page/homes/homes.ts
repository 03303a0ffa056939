import { signal } from '@preact/signals'
import type { Home } from '../answers.js'
import { get } from '../http.js'
import { hrefOf } from '../route.js'
import { session } from '../session.js'
import { ownFirst } from './shown.js'

/** The installations and groups open to the visitor; null until they are known. */
export const homes = signal<Home[] | null>(null)

const RETRY_MS = 3000

export const loadHomes = async (): Promise<void> => {
  try {
    const { installations } = await get<{ installations: Home[] }>('/v1/installations')
    homes.value = ownFirst(installations, session.value?.name ?? '')
    // Whoever lives in one of them came for it.
    if (location.hash === '' && session.value?.role === 'reader' && homes.value.length > 0) location.replace(hrefOf('homes'))
  } catch {
    setTimeout(() => void loadHomes(), RETRY_MS)
  }
}
