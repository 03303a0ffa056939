import { computed, signal } from '@preact/signals'
import type { Home, HomeMember } from '../answers.js'
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

/** For administrators: of what installation a point is a member now, the smallest first. */
export const memberships = computed(() => {
  const found = new Map<string, { home: Home; member: HomeMember }>()
  const sizeOf = ({ versions }: Home): number => versions?.at(-1)?.members.length ?? 0
  for (const home of [...(homes.value ?? [])].sort((a, b) => sizeOf(a) - sizeOf(b)))
    for (const member of home.versions?.at(-1)?.members ?? []) if (!found.has(member.point)) found.set(member.point, { home, member })
  return found
})
