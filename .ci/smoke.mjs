/**
 * `npm start` as a newcomer types it, in a copy of nothing but a data folder of its own: the page of figures is right over HTTP, a
 * clean stop loses nothing, and a second start shows the same.
 */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const DATA = 'data/demo'
const URL_BASE = 'http://127.0.0.1:8080'

const start = async () => {
  const child = spawn('npm', ['start'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  for (let i = 0; i < 300; i++) {
    if ((await fetch(`${URL_BASE}/healthz`).catch(() => null))?.ok) return child
    await wait(100)
  }
  throw new Error('npm start did not answer /healthz within 30 s')
}

const stop = async (child) => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.kill(-child.pid, 'SIGTERM')
  await ended
}

const ask = async (path) => {
  const token = readFileSync(`${DATA}/token`, 'utf8').trim()
  const response = await fetch(URL_BASE + path, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(response.status, 200, `${path}: ${response.status}`)
  return response.json()
}

/** The plug of the demo began with 3.737, 0.000, 3.746, 3.756 kWh: we bill 0.019 and more, others 3.756 and more. */
const street = async () => {
  const midnight = new Date(Date.now() - 6 * 3_600_000).toISOString()
  for (let i = 0; i < 300; i++) {
    const compared = await ask(`/v1/compare?point=demo/fridge-plug&from=${midnight}`).catch(() => null)
    if (compared?.ours.milli >= 19_000) {
      assert.ok(compared.ours.milli < 100_000, `ours: ${compared.ours.milli}`)
      assert.ok(compared.others.find(({ name }) => name === 'Home Assistant').milli >= 3_756_000)
      return
    }
    await wait(100)
  }
  throw new Error('the street of the demo did not live within 30 s')
}

const QUESTIONS = {
  clamp: '/v1/series?point=flukso/fed676021dacaaf6a12a8dda7685be34&from=2014-06-01&to=2014-08-01&grid=P1M',
  october: '/v1/series?point=ES0291000000000001DN&register=1.8.0&from=2023-10-01&to=2023-11-01&grid=PT1H'
}

/** Waits for the samples: 24.508 kWh is what the clamp's register travelled; October 2023 has 745 hours in Madrid. */
const figures = async () => {
  for (let i = 0; i < 300; i++) {
    const clamp = await ask(QUESTIONS.clamp).catch(() => null)
    const october = await ask(QUESTIONS.october).catch(() => null)
    if (clamp?.summary.milli === 24_508_000 && october?.rows.length === 745 && october.gaps.length === 0) return { clamp, october }
    await wait(100)
  }
  throw new Error('the figures of the samples were not right within 30 s')
}

if (existsSync(DATA)) rmSync(DATA, { recursive: true })
let child = await start()
try {
  assert.equal((await fetch(`${URL_BASE}/v1/points`)).status, 401, 'nothing answers without a token')
  assert.match(await (await fetch(URL_BASE)).text(), /<script type="module"/, 'the page is there')
  const first = await figures()
  await street()
  await stop(child)
  child = await start()
  assert.deepEqual(await figures(), first, 'a clean stop and a new start show the same')
} finally {
  await stop(child)
}
console.log('smoke: npm start answers, the figures are right, a stop loses nothing')
