import { useEffect, useRef, useState } from 'preact/hooks'
import type { Planned } from '../../answers.js'
import { HttpError } from '../../http.js'
import { loadPointsSoon } from '../../points/points.js'
import { loadHomes } from '../homes.js'
import type { Step } from './step.js'

export interface Planning {
  step: Step
  look(): void
  enter(): void
}

/** `ask` says what would change, or with `dryRun` false does it; `key` names what is asked: once it is another, nothing was seen of it. */
export const usePlan = (ask: (dryRun: boolean) => Promise<Planned>, key: string): Planning => {
  const [step, setStep] = useState<Step>({ is: 'written' })
  const latest = useRef(key)
  latest.current = key
  useEffect(() => setStep({ is: 'written' }), [key])
  const run = async (dryRun: boolean) => {
    try {
      const plan = await ask(dryRun)
      // What was done is told whatever was written meanwhile: secrets are told only once.
      if (!dryRun || latest.current === key) setStep({ is: dryRun ? 'seen' : 'entered', plan })
    } catch (error) {
      const { issues, status } = error instanceof HttpError ? error : { issues: [], status: 400 }
      // Who computes days again for long is cut off, and goes on.
      const perhaps = !dryRun && (status === 0 || status >= 500) ? ' It may be entered all the same: see once more what changes.' : ''
      if (!dryRun || latest.current === key) setStep({ is: 'refused', message: `${(error as Error).message}${perhaps}`, issues })
    }
  }
  return {
    step,
    look: () => {
      setStep({ is: 'looking' })
      void run(true)
    },
    enter: () => {
      if (step.is !== 'seen') return
      setStep({ is: 'entering', plan: step.plan })
      void run(false).then(() => {
        loadPointsSoon()
        return loadHomes()
      })
    }
  }
}
