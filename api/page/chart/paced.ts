/** What is asked again: the end of the curve, or all of it, which includes its end. */
export type What = 'tail' | 'all'

export interface Pace {
  ask(what: What): void
  stop(): void
}

/** Refreshes at most once every `ms`, however often it is asked, and never twice at a time. A failed one is made up for by the next. */
export const paced = (refresh: (what: What) => Promise<void>, ms: number): Pace => {
  let wanted: What | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  let stopped = false
  let began = Number.NEGATIVE_INFINITY
  const plan = (): void => {
    if (timer !== undefined || busy || stopped || wanted === null) return
    timer = setTimeout(run, Math.max(0, began + ms - performance.now()))
  }
  const run = async (): Promise<void> => {
    const what = wanted ?? 'tail'
    timer = undefined
    wanted = null
    busy = true
    began = performance.now()
    await refresh(what).catch(() => {})
    busy = false
    plan()
  }
  return {
    ask: (what) => {
      wanted = wanted === 'all' ? 'all' : what
      plan()
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    }
  }
}
