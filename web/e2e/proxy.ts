// What stands between a browser and the server, and can make the server's page a newer build: every file with a hash has another name,
// what refers to it does so by that name, and the old names are gone.
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** In the names of the newer build. */
const MARK = '.next.'
/** What the page is made of, apart from the data that a newer build leaves as it is. */
const PART = /\/assets\/[\w.-]+\.(?:js|css)\b/g

/** Whether that is the address of a part of the newer build. */
export const isNext = (url: string): boolean => url.includes(MARK)

export class Proxy {
  private upgraded = false
  private names: string[] = []
  private readonly sockets = new Set<Duplex>()

  private constructor(
    private readonly http: HttpServer,
    private readonly target: URL,
  ) {}

  static async start(target: string): Promise<Proxy> {
    const http = createServer()
    const proxy = new Proxy(http, new URL(target))
    http.on('request', (asked, answer) => {
      proxy.answer(asked, answer).catch(() => answer.destroy())
    })
    http.on('upgrade', (asked, socket, head) => proxy.pass(asked, socket, head))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  /** As a server that is started again as a newer one: what was connected is cut off. */
  async upgrade(): Promise<void> {
    const worker = await (await fetch(new URL('/sw.js', this.target))).text()
    this.names = [...new Set(worker.match(PART))].map((path) => path.slice('/assets/'.length))
    this.upgraded = true
    this.cutOff()
  }

  async stop(): Promise<void> {
    this.cutOff()
    this.http.close()
    this.http.closeAllConnections()
    await once(this.http, 'close')
  }

  private cutOff(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  private async answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? '/'
    const name = path.slice('/assets/'.length)
    if (this.upgraded && path.startsWith('/assets/') && this.names.includes(name)) {
      answer.writeHead(404).end()
      return
    }
    const got = await this.ask(asked, path.replace(MARK, '.'))
    const { statusCode = 502, headers } = got
    const kind = headers['content-type'] ?? ''
    if (!this.upgraded || !/html|javascript|css/.test(kind)) {
      answer.writeHead(statusCode, headers)
      got.pipe(answer)
      return
    }
    const { etag: _, 'content-length': __, ...others } = headers
    answer.writeHead(statusCode, others).end(this.renewed(await textOf(got)))
  }

  /** The same with the names of the newer build, and another version of the worker. */
  private renewed(text: string): string {
    let next = text.replace(/^const VERSION = "/, '$&next')
    for (const name of this.names) next = next.replaceAll(name, name.replace(/\.(?=\w+$)/, MARK))
    return next
  }

  private async ask(asked: IncomingMessage, path: string): Promise<IncomingMessage> {
    const headers = { ...asked.headers }
    // As it is, and whole: it may have to be changed, and is not what the browser knows.
    delete headers['accept-encoding']
    delete headers['if-none-match']
    const { hostname, port } = this.target
    const passed = request({ hostname, port, path, method: asked.method, headers })
    asked.pipe(passed)
    const [got] = (await once(passed, 'response')) as [IncomingMessage]
    return got
  }

  /** A WebSocket: what both sides say, as it is. */
  private pass(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { hostname, port } = this.target
    const passed = request({ hostname, port, path: asked.url, headers: asked.headers })
    const end = (): void => void socket.destroy()
    socket.on('error', end)
    passed.on('error', end)
    passed.on('response', end)
    passed.on('upgrade', (got: IncomingMessage, inner: Socket, first: Buffer) => {
      const lines = got.rawHeaders.flatMap((text, at, all) => (at % 2 === 0 ? [`${text}: ${all[at + 1]}`] : []))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      socket.write(first)
      inner.write(head)
      socket.pipe(inner).pipe(socket)
      this.sockets.add(socket)
      inner.on('error', end)
      socket.on('close', () => {
        this.sockets.delete(socket)
        inner.destroy()
      })
    })
    passed.end()
  }
}

const textOf = async (got: IncomingMessage): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const part of got) parts.push(part as Uint8Array)
  return Buffer.concat(parts).toString('utf8')
}
