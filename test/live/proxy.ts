import { connect, createServer, type Server, type Socket } from 'node:net'

/** Passes bytes on to a port, and cuts connections at any byte: in the middle of a frame, or of the handshake. */
export class CuttingProxy {
  kills = 0
  #server: Server
  readonly #open = new Set<Socket>()

  private constructor(
    private readonly target: number,
    /** When to cut the next connection; null: never. */
    private readonly fate: () => { afterMs?: number; afterBytes?: number } | null
  ) {
    this.#server = createServer((client) => this.#join(client))
  }

  static async open(target: number, fate: () => { afterMs?: number; afterBytes?: number } | null): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, fate)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as { port: number }).port}/v1/live`
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }

  #join(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    const fate = this.fate()
    let bytes = 0
    let cut = false
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const kill = () => {
      if (cut || client.destroyed) return
      cut = true
      this.kills++
      end()
    }
    if (fate?.afterMs !== undefined) setTimeout(kill, fate.afterMs)
    for (const socket of [client, server]) {
      this.#open.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        this.#open.delete(socket)
        end()
      })
    }
    client.on('data', (chunk) => server.write(chunk))
    server.on('data', (chunk) => {
      const left = (fate?.afterBytes ?? Number.POSITIVE_INFINITY) - bytes
      bytes += chunk.length
      if (chunk.length <= left) return void client.write(chunk)
      client.write(chunk.subarray(0, left), kill)
    })
  }
}
