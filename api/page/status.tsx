import { connection, now } from './live.js'

/** Whether what is on the page is live, in a word. */
export const Status = () => {
  const { state } = connection.value
  const [kind, text] =
    state === 'live'
      ? ['live', 'Live']
      : state === 'refused'
        ? ['lost', 'Signed out: reload the page']
        : connection.value.state === 'lost'
          ? ['lost', `Not connected, again in ${Math.max(0, Math.ceil((connection.value.retryAt - now.value) / 1000))} s`]
          : ['', 'Connecting']
  return (
    <span class={`status ${kind}`} role="status" title={text} data-testid="status">
      <i />
      <span>{text}</span>
    </span>
  )
}
