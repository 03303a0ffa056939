import './style.css'
import { render } from 'preact'
import { App } from './app.js'
import { identify, signIn, takeCode } from './session.js'

const code = takeCode()
void (code === null ? identify() : signIn(code))
// A link opened in a tab that is already here changes only the fragment.
addEventListener('hashchange', () => {
  const later = takeCode()
  if (later !== null) void signIn(later)
})

render(<App />, document.getElementById('app')!)
