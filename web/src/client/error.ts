// What can become of a call that did not succeed.

/** The server refused: nothing was changed. `code` is a code of the protocol, or `http-413` and the like. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly code: string,
    readonly data?: unknown,
    desc = code,
  ) {
    super(desc)
  }

  /** How long to wait before another try after 9996, in ms. */
  get retryAfter(): number | undefined {
    const data = this.data as { retryAfter?: unknown } | undefined
    return typeof data?.retryAfter === 'number' ? data.retryAfter : undefined
  }
}

/** No answer came. What was asked for may have happened; a repeat with the same `clientMsgId` is safe. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** The session is over: only a new login helps. */
export class NotLoggedIn extends Error {
  override readonly name = 'NotLoggedIn'
}

/** Whether the same call may well succeed later without anybody changing anything. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof Refusal && (error.code === '9998' || error.code === '9996'))
