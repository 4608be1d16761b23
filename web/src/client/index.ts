// The errors of the client.

/** The server refused: `code` is the wire's code. */
export class Refusal extends Error {
  readonly code: string
  readonly data: unknown
  constructor(code: string, message = '', data: unknown = undefined) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.data = data
  }
}

/** No answer: the network or the server is away. */
export class Unreachable extends Error {}
