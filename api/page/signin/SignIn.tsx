import './signin.css'
import { useState } from 'preact/hooks'
import { sessionProblem, signIn } from '../session.js'

/** For who has no cookie yet: how to get a link, and a place for one that was copied, or for somebody's own secret. */
export const SignIn = () => {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    await signIn(text.trim().replace(/^.*#code=/, ''))
    setBusy(false)
  }
  return (
    <main class="sign-in">
      <form class="card stack" onSubmit={(event) => void submit(event)}>
        <div class="row">
          <img src="/favicon.svg" alt="" width="34" height="34" />
          <h1>Wattledger</h1>
        </div>
        <p class="muted">
          This browser is not signed in. If you were given a secret of your own, paste it below. Otherwise open the link that was printed
          when Wattledger started, or make a new one where it runs:
        </p>
        <pre>
          <code>npx wattledger access link</code>
        </pre>
        <label class="stack tight">
          <h3>Your secret, or a link</h3>
          <input
            class="field"
            name="code"
            autocomplete="off"
            spellcheck={false}
            placeholder="Secret, or http://…/#code=…"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        {sessionProblem.value !== null && (
          <p class="notice bad" role="alert">
            {sessionProblem.value}
          </p>
        )}
        <button type="submit" class="button primary" disabled={busy || text.trim() === ''}>
          Sign in
        </button>
      </form>
    </main>
  )
}
