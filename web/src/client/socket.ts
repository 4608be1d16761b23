// One multiplexed socket, from its opening to its close: calls by `reqId`, events as they come.

import { NotLoggedIn, Refusal, Unreachable } from './error'
import type { Event as WireEvent, Ready } from './wire'

const DEADLINE = 20_000

/** How long the handshake and the event `ready` may take. */
const OPENING = 10_000

export interface SocketHandlers {
  ready: (ready: Ready) => void
  event: (event: WireEvent) => void
  /** Once, whatever ended it. `code` is the close code, 1006 when the network broke. */
  closed: (code: number) => void
}

interface Waiting {
  resolve: (data: unknown) => void
  reject: (error: Error) => void
  deadline: ReturnType<typeof setTimeout>
}

interface Frame {
  reqId?: number
  code?: string
  desc?: string
  data?: unknown
  eventType?: string
}

export class Socket {
  private readonly socket: WebSocket
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0
  private lastHeard = Date.now()
  /** When the server was asked for a sign of life that has not come. */
  private asked: number | undefined
  private heartbeat: ReturnType<typeof setInterval> | undefined
  private readonly opening: ReturnType<typeof setTimeout>
  private over = false

  constructor(
    url: string,
    private readonly handlers: SocketHandlers,
  ) {
    this.socket = new WebSocket(url)
    this.socket.addEventListener('message', (message: MessageEvent<unknown>) => this.hear(message))
    this.socket.addEventListener('close', (close) => this.end(close.code))
    this.opening = setTimeout(() => this.close(1006), OPENING)
  }

  /** Rejects with a Refusal, or with Unreachable when the socket ends before the answer. */
  call(path: string, data: unknown): Promise<unknown> {
    if (this.over) return Promise.reject(new Unreachable('the socket is closed'))
    const reqId = ++this.lastId
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.waiting.delete(reqId)
        reject(new Unreachable('no answer in time'))
      }, DEADLINE)
      this.waiting.set(reqId, { resolve, reject, deadline })
      this.socket.send(JSON.stringify({ reqId, path, data }))
    })
  }

  /** Ends it now, without waiting for the other side. */
  close(code = 1000): void {
    this.socket.close()
    this.end(code)
  }

  private hear(message: MessageEvent<unknown>): void {
    this.lastHeard = Date.now()
    this.asked = undefined
    if (this.over || typeof message.data !== 'string') return
    let frame: Frame
    try {
      frame = JSON.parse(message.data) as Frame
    } catch {
      return
    }
    if (frame.eventType === 'ready') {
      const { data } = frame as unknown as { data: Ready }
      clearTimeout(this.opening)
      this.watch(data.heartbeatMs)
      this.handlers.ready(data)
    } else if (frame.eventType !== undefined) {
      this.handlers.event(frame as unknown as WireEvent)
    } else if (frame.reqId !== undefined) {
      this.answer(frame.reqId, frame)
    }
  }

  private answer(reqId: number, frame: Frame): void {
    const waiting = this.waiting.get(reqId)
    if (!waiting) return
    this.waiting.delete(reqId)
    clearTimeout(waiting.deadline)
    if (frame.code === '0000') waiting.resolve(frame.data)
    else if (frame.code === '9994') waiting.reject(new NotLoggedIn(frame.desc))
    else waiting.reject(new Refusal(frame.code ?? '9998', frame.data, frame.desc))
  }

  /** Ends it unless the server gives a sign of life within `patience` ms: after a sleep, or when the network changed. */
  probe(patience = 5_000): void {
    if (this.over || this.asked !== undefined) return
    const asked = this.ask()
    setTimeout(() => {
      if (this.asked === asked) this.close(1006)
    }, patience)
  }

  /** Gives when it was asked, in ms since 1970. */
  private ask(): number {
    this.asked = Date.now()
    this.call('/ws/ping', {}).catch(() => undefined)
    return this.asked
  }

  /**
   * Browsers do not see the server's pings, so the page asks when nothing was heard, and gives up when no answer came. Hidden pages
   * look at their clock once a minute: silence alone says nothing.
   */
  private watch(heartbeatMs: number): void {
    this.heartbeat = setInterval(() => {
      const now = Date.now()
      if (this.asked === undefined) {
        if (now - this.lastHeard > heartbeatMs * 0.9) this.ask()
      } else if (now - this.asked > heartbeatMs) {
        this.close(1006)
      }
    }, heartbeatMs / 2)
  }

  private end(code: number): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.opening)
    clearInterval(this.heartbeat)
    for (const { reject, deadline } of this.waiting.values()) {
      clearTimeout(deadline)
      reject(new Unreachable('the socket closed before the answer'))
    }
    this.waiting.clear()
    this.handlers.closed(code)
  }
}
