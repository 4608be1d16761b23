// HTTP calls: the account API, every operation's HTTP door, and uploads.

import { NotLoggedIn, Refusal, Unreachable } from './error'

const DEADLINE = 20_000

interface Answer {
  code?: string
  message?: string
  data?: unknown
}

export interface HttpOptions {
  /** `https://chat.example`; empty for the page's own server. */
  base?: string
  /** For programs that keep no cookies; browsers need none. */
  token?: () => string | undefined
}

export class Http {
  constructor(private readonly options: HttpOptions = {}) {}

  /** A list in `query` is a parameter that is repeated. */
  get<T>(path: string, query: object = {}): Promise<T> {
    const parameters = new URLSearchParams()
    for (const [name, value] of Object.entries(query) as [string, unknown][]) {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (one !== undefined) parameters.append(name, String(one))
      }
    }
    const suffix = parameters.size > 0 ? `?${parameters.toString()}` : ''
    return this.fetch<T>(path + suffix, { method: 'GET' })
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.fetch<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  form<T>(path: string, form: FormData): Promise<T> {
    return this.fetch<T>(path, { method: 'POST', body: form })
  }

  /**
   * Sends a form and tells how far it is, from 0 to 1. Without a deadline of its own: the server ends an upload that stalls.
   * XMLHttpRequest, because fetch tells nothing of what was sent.
   */
  upload<T>(
    path: string,
    form: FormData,
    progress: (part: number) => void,
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', (this.options.base ?? '') + path)
      const token = this.options.token?.()
      if (token) request.setRequestHeader('authorization', `Bearer ${token}`)
      request.upload.addEventListener('progress', (event) => {
        if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total)
      })
      request.addEventListener('load', () => {
        try {
          const answer = JSON.parse(request.responseText) as Answer
          resolve(settle<T>(request.status, answer, request.getResponseHeader('retry-after')))
        } catch (error) {
          reject(error instanceof SyntaxError ? failed(request.status) : error)
        }
      })
      request.addEventListener('error', () => reject(new Unreachable('the upload broke off')))
      request.addEventListener('abort', () => reject(new Unreachable('the upload was ended')))
      signal?.addEventListener('abort', () => request.abort(), { once: true })
      request.send(form)
    })
  }

  private async fetch<T>(path: string, init: RequestInit): Promise<T> {
    const token = this.options.token?.()
    const headers = new Headers(init.headers)
    if (token) headers.set('authorization', `Bearer ${token}`)
    let response: Response
    let answer: Answer
    try {
      const signal = AbortSignal.timeout(DEADLINE)
      response = await fetch((this.options.base ?? '') + path, { ...init, headers, signal })
      answer = (await response.json()) as Answer
    } catch (cause) {
      throw new Unreachable('the server does not answer', { cause })
    }
    return settle<T>(response.status, answer, response.headers.get('retry-after'))
  }
}

const settle = <T>(status: number, answer: Answer, retryAfter: string | null): T => {
  if (status === 401) throw new NotLoggedIn(answer.message)
  if (status === 429) {
    const seconds = Number(retryAfter ?? 1)
    throw new Refusal('9996', { retryAfter: (seconds > 0 ? seconds : 1) * 1000 }, answer.message)
  }
  if (status === 400) throw new Refusal('9997', { reason: answer.message }, answer.message)
  if (status !== 200) throw failed(status, answer.message)
  if (answer.code !== undefined) throw new Refusal(answer.code, answer.data, answer.message)
  return answer.data as T
}

/** 502 to 504 come from a proxy whose server is away; it comes back. */
const failed = (status: number, message?: string): Error => {
  if (status === 500) return new Refusal('9998', undefined, message)
  if (status >= 502 && status <= 504) return new Unreachable(message)
  return new Refusal(`http-${status}`, undefined, message)
}
