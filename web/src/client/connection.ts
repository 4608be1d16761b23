// Keeps one multiplexed socket open: connects again with backoff until the session is over.

import { Backoff } from './backoff'
import { Unreachable } from './error'
import { Socket } from './socket'
import type { Event as WireEvent, Ready } from './wire'

/** `waiting` lasts until `retryAt`, in ms since 1970. */
export type ConnectionStatus =
  { state: 'off' } | { state: 'connecting' } | { state: 'open' } | { state: 'waiting'; retryAt: number }

/** `session`: log in again (close code 1008). `displaced`: another connection took this one's place (4001). */
export type Ending = 'session' | 'displaced'

export interface ConnectionHandlers {
  status: (status: ConnectionStatus) => void
  ready: (ready: Ready) => void
  event: (event: WireEvent) => void
  /** There is no further try. */
  ended: (why: Ending) => void
}

export class Connection {
  private socket: Socket | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly backoff = new Backoff()
  private wanted = false
  private isReady = false

  /** `url` is that of `GET /ws`, as `wss://chat.example/ws`. */
  constructor(
    private readonly url: string,
    private readonly handlers: ConnectionHandlers,
  ) {}

  get open(): boolean {
    return this.isReady
  }

  start(): void {
    if (this.wanted) return
    this.wanted = true
    this.connect()
  }

  stop(): void {
    this.wanted = false
    clearTimeout(this.timer)
    const socket = this.socket
    this.socket = undefined
    this.isReady = false
    socket?.close()
    this.handlers.status({ state: 'off' })
  }

  /** Does not wait any longer; while connected, makes sure that it is. */
  tryNow(): void {
    if (!this.wanted) return
    if (this.socket) {
      if (this.isReady) this.socket.probe()
      return
    }
    clearTimeout(this.timer)
    this.connect()
  }

  call(path: string, data: unknown): Promise<unknown> {
    if (!this.socket || !this.isReady) return Promise.reject(new Unreachable('not connected'))
    return this.socket.call(path, data)
  }

  private connect(): void {
    this.handlers.status({ state: 'connecting' })
    const socket = new Socket(this.url, {
      ready: (ready) => {
        if (this.socket !== socket) return
        this.backoff.reset()
        this.isReady = true
        this.handlers.status({ state: 'open' })
        this.handlers.ready(ready)
      },
      event: (event) => {
        if (this.socket === socket) this.handlers.event(event)
      },
      closed: (code) => {
        if (this.socket === socket) this.lost(code)
      },
    })
    this.socket = socket
  }

  private lost(code: number): void {
    this.socket = undefined
    this.isReady = false
    if (code === 1008 || code === 4001) {
      this.wanted = false
      this.handlers.status({ state: 'off' })
      this.handlers.ended(code === 1008 ? 'session' : 'displaced')
      return
    }
    const wait = this.backoff.next()
    this.timer = setTimeout(() => this.connect(), wait)
    this.handlers.status({ state: 'waiting', retryAt: Date.now() + wait })
  }
}
