import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CDPSession, chromium, type Page } from 'playwright-core'
import { openYear } from './answers.js'
import { type Figure, median } from './figure.js'

/** What somebody waits for who asks the page for a year of quarter-hours, in a real browser. */

const BUILT = fileURLToPath(new URL('../page/index.html', import.meta.url))
const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => path && existsSync(path))
const ROUNDS = 9

interface Times {
  /** From the request to the last byte. */
  answered: number
  /** From the request until the browser has had the chance to show it, two frames after the page is no longer busy. */
  drawn: number
  /** CPU time of the page's own thread, whatever else the machine does. */
  cpu: number
}

const cpuOf = async (devtools: CDPSession): Promise<number> => {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000
}

/** Clicks a grid in the page and times what follows there, by the browser's own clock. */
const timed = async (page: Page, devtools: CDPSession, grid: string): Promise<Times> => {
  const before = await cpuOf(devtools)
  const times = await page.evaluate<Omit<Times, 'cpu'>>(`(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    performance.clearResourceTimings()
    const choices = [...document.querySelectorAll('[data-testid=grid-choice] button')]
    choices.find((button) => button.textContent === '${grid}').click()
    let request
    while (request === undefined || document.querySelector('.curve-card[aria-busy=true]')) {
      await frame()
      request = performance.getEntriesByType('resource').find(({ name, responseEnd }) => name.includes('/v1/series') && responseEnd > 0)
    }
    await frame()
    await frame()
    return { answered: request.responseEnd - request.startTime, drawn: performance.now() - request.startTime }
  })()`)
  return { ...times, cpu: (await cpuOf(devtools)) - before }
}

export const page = async (folder: string, say: (text: string) => void): Promise<Figure[]> => {
  if (CHROMIUM === undefined || !existsSync(BUILT)) {
    say(
      CHROMIUM === undefined
        ? 'page: left out, there is no Chromium (CHROMIUM names one)'
        : 'page: left out, it is not built (npm run build)'
    )
    return []
  }
  const { platform, point, register } = await openYear(join(folder, 'page'))
  const url = await platform.app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] })
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    await context.addCookies([{ name: 'wattledger', value: platform.token, url }])
    const visit = await context.newPage()
    const devtools = await context.newCDPSession(visit)
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
    const asked = new URLSearchParams({ from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z', grid: 'P1D' })
    await visit.goto(`${url}/#/meters/${encodeURIComponent(point)}/${register}?${asked}`)
    await visit.getByTestId('curve-summary').waitFor()
    const times: Times[] = []
    for (let i = 0; i < ROUNDS; i++) {
      times.push(await timed(visit, devtools, '15 min'))
      await timed(visit, devtools, 'Day')
    }
    const figure = { part: 'The page in Chromium', unit: 'ms' }
    const usual = (of: keyof Times) => median(times.map((time) => time[of]))
    return [
      { ...figure, what: 'a year of quarter-hours, request to answer', value: usual('answered') },
      {
        ...figure,
        what: 'a year of quarter-hours, request to drawn',
        value: usual('drawn'),
        aim: { most: 200 },
        note: 'by the clock: browser and server share the cores with whatever else runs'
      },
      { ...figure, what: "a year of quarter-hours, CPU time of the page's thread", value: usual('cpu') }
    ]
  } finally {
    await browser.close()
    await platform.close()
  }
}
