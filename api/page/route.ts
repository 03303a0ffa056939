import { signal } from '@preact/signals'

/**
 * Where the visitor is, in the address's fragment: `#/meters/<point>/<register>?span=…`. The server never sees it, a link to it can
 * be passed on, and "back" goes back.
 */
export const PAGES = ['meters', 'homes', 'alerts', 'gaps', 'changes', 'files', 'rules'] as const
export type Page = (typeof PAGES)[number]

export interface Route {
  page: Page
  point: string | null
  register: string | null
  /** What is looked at: range, explained bar. */
  params: URLSearchParams
}

const read = (): Route => {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  const [page, point, register] = path.split('/').map(decodeURIComponent)
  return {
    page: PAGES.find((each) => each === page) ?? 'meters',
    point: point || null,
    register: register || null,
    params: new URLSearchParams(query)
  }
}

export const route = signal(read())
addEventListener('hashchange', () => {
  route.value = read()
})

export type Params = Record<string, string | null>

export const hrefOf = (page: Page, point?: string, register?: string, params: Params = {}): string => {
  const path = [page, point, register].filter((part) => part !== undefined).map((part) => encodeURIComponent(part as string))
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== null)
  const query = new URLSearchParams(given).toString()
  return `#/${path.join('/')}${query === '' ? '' : `?${query}`}`
}

/** Changes parts of what is looked at; null removes one. `replace`: no step for "back" of its own. */
export const look = (change: Params, replace = false): void => {
  const { page, point, register, params } = route.value
  const next = { ...Object.fromEntries(params), ...change }
  const href = hrefOf(page, point ?? undefined, register ?? undefined, next)
  if (replace) {
    history.replaceState(null, '', href)
    route.value = read()
  } else location.hash = href
}
