// Names that this page gives, such as `clientMsgId`.

/** A random id, also where pages are served without TLS and `crypto.randomUUID` is not there. */
export const freshId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
