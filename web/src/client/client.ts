// A client of one server: typed calls over the socket while it is open, otherwise over HTTP.

import { Connection, type ConnectionHandlers } from './connection'
import { Http, type HttpOptions } from './http'
import type { Endpoints, Operations } from './wire'

export type OperationPath = keyof Operations
export type RequestOf<P extends OperationPath> = Operations[P]['request']
export type ReplyOf<P extends OperationPath> = Operations[P]['reply']

type PathsTaking<Body extends string> = {
  [P in keyof Endpoints]: Endpoints[P]['body'] extends Body ? P : never
}[keyof Endpoints]

export interface ClientOptions extends HttpOptions {
  /** `wss://chat.example/ws` */
  socketUrl: string
}

export class Client {
  readonly http: Http
  readonly connection: Connection

  constructor(options: ClientOptions, handlers: ConnectionHandlers) {
    this.http = new Http(options)
    this.connection = new Connection(options.socketUrl, handlers)
  }

  /** Rejects with Refusal, Unreachable or NotLoggedIn. */
  call<P extends OperationPath>(path: P, data: RequestOf<P>): Promise<ReplyOf<P>> {
    if (this.connection.open) return this.connection.call(path, data) as Promise<ReplyOf<P>>
    return this.http.post<ReplyOf<P>>(path.replace(/^\/ws/, '/api'), data)
  }

  /** An endpoint of the account API that only reads. Rejects as `call`. */
  get<P extends PathsTaking<'query'>>(
    path: P,
    query: Endpoints[P]['request'],
  ): Promise<Endpoints[P]['reply']> {
    return this.http.get(path, query)
  }

  /** An endpoint of the account API that changes something. Rejects as `call`. */
  post<P extends PathsTaking<'json'>>(
    path: P,
    body: Endpoints[P]['request'],
  ): Promise<Endpoints[P]['reply']> {
    return this.http.post(path, body)
  }

  /** An endpoint that takes a file among its fields; a field that is undefined stays away. */
  form<P extends PathsTaking<'multipart'>>(
    path: P,
    fields: Endpoints[P]['request'],
  ): Promise<Endpoints[P]['reply']> {
    const hasFile = Object.values(fields).some((value) => value instanceof Blob)
    // Texts go as they are: in a form each of their line breaks would become two characters.
    return hasFile ? this.http.form(path, formOf(fields)) : this.http.post(path, fields)
  }
}

const formOf = (fields: object): FormData => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (value instanceof Blob) form.append(name, value, name)
    else if (value !== undefined) form.append(name, String(value))
  }
  return form
}
