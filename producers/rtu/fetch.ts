import { setTimeout as wait } from 'node:timers/promises'
import digestHeader from 'digest-header'
import { type Dispatcher, request } from 'undici'
import { Unavailable } from '../../infra/errors.js'
import { bounded } from '../bounded.js'
import { linkIn } from './page.js'
import { MAX_PAGE } from './source.js'

export interface RtuAddress {
  /** http://host */
  url: string
  /** Absent: it asks nobody who they are. */
  login?: { user: string; password: string }
  dispatcher?: Dispatcher
  /** From one try to the next, ms; default 1 s. */
  pauseMs?: number
}

/** The way an RTU wants to be asked: its index wakes the pages behind it, which may take some tries. */
const INDEX = '/rtui/index.html'
const TREE = '/ABBRTU560/PrioI_HwTree'
const TRIES = 10
const CALL_MS = 20_000

/**
 * The page of measures, as it came. Throws Unavailable, with what to do, when it cannot be had; the password is in no message. Follows
 * links of the RTU itself only, and no redirections: nobody else is told who asks.
 */
export const fetchMeasures = async (rtu: RtuAddress, signal: AbortSignal): Promise<Buffer> => {
  for (let tries = 1; ; tries++) {
    try {
      await get(rtu, INDEX, signal)
      break
    } catch (error) {
      if (tries >= TRIES || signal.aborted || (error as Unavailable).message === WRONG_LOGIN) throw error
      await wait(rtu.pauseMs ?? 1_000, undefined, { signal })
    }
  }
  const link = linkIn((await get(rtu, TREE, signal)).toString('utf8'))
  const page = link !== null && URL.canParse(link, rtu.url) ? new URL(link, new URL(TREE, rtu.url)) : null
  if (page === null || page.origin !== new URL(rtu.url).origin)
    throw new Unavailable(`${TREE} has no link to a page of measures (hwTree_pdInfoMon): look at it in a browser.`)
  return get(rtu, `${page.pathname}${page.search}`, signal)
}

const WRONG_LOGIN = 'The RTU refuses the user or the password: see what the settings name under login.'

const get = async (rtu: RtuAddress, path: string, signal: AbortSignal): Promise<Buffer> => {
  const first = await ask(rtu, path, undefined, signal)
  if (first.status !== 401) return pageOf(first, path)
  const { login } = rtu
  if (login === undefined) throw new Unavailable('The RTU wants to know who asks: name a user and a password under login.')
  const header = digestHeader('GET', path, first.wants, `${login.user}:${login.password}`)
  if (header === '') throw new Unavailable('The RTU wants another sign-in than digest, which is the only one known here.')
  const second = await ask(rtu, path, header, signal)
  if (second.status === 401) throw new Unavailable(WRONG_LOGIN)
  return pageOf(second, path)
}

interface Answered {
  status: number
  /** What `www-authenticate` says of digest. */
  wants: string
  body: Buffer
}

const pageOf = ({ status, body }: Answered, path: string): Buffer => {
  if (status === 200) return body
  throw new Unavailable(`The RTU answers ${path} with status ${status}.`)
}

const ask = async (
  { url, dispatcher }: RtuAddress,
  path: string,
  authorization: string | undefined,
  signal: AbortSignal
): Promise<Answered> => {
  try {
    const { statusCode, headers, body } = await request(new URL(path, url), {
      dispatcher,
      headers: authorization === undefined ? {} : { authorization },
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])
    })
    const bytes = await bounded(body, MAX_PAGE)
    if (bytes === null) throw new Unavailable(`The RTU answers ${path} with more than ${MAX_PAGE} bytes.`)
    const wants = [headers['www-authenticate'] ?? []].flat().find((each) => /^digest /i.test(each)) ?? ''
    return { status: statusCode, wants, body: bytes }
  } catch (error) {
    if (error instanceof Unavailable) throw error
    const { code, name } = error as NodeJS.ErrnoException
    throw new Unavailable(`The RTU does not answer (${code ?? name}).`)
  }
}
