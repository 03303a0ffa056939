import { connect, createServer, type Socket } from 'node:net'

export interface SlowProxy {
  url: string
  /** Answers that begin from now on come so much later, ms. */
  delayMs: number
  /** Every so many connections one is cut after its first answer byte came; 0: none. */
  cutEach: number
  close(): Promise<void>
}

/** Passes bytes on to a port on loopback, later than they came, and cuts some connections when the answer is on its way. */
export const slowProxy = async (target: number): Promise<SlowProxy> => {
  const open = new Set<Socket>()
  let connections = 0
  const proxy: SlowProxy = { url: '', delayMs: 0, cutEach: 0, close: async () => {} }
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    const cut = proxy.cutEach > 0 && ++connections % proxy.cutEach === 0
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        open.delete(socket)
        end()
      })
    }
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (cut) end()
      else setTimeout(() => client.write(bytes), proxy.delayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  proxy.close = async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return proxy
}
