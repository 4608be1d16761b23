// Which tab of the browser tells of a message: every tab hears it, one takes the word, and none does while a tab shows it.

/** For how long after a message its conversation counts as shown, in ms: longer than the other tabs wait before they take the word. */
const SHOWN = 1_500
/** For how long a tab keeps the word for a message: the others may hear it later, as after a connection. */
const KEPT = 10_000

const sign = (conversation: string): string => `hongyan.shown.${conversation}`

/** The conversation into which something came while this tab showed it; undefined when that was not lately. */
let shown: { conversation: string; until: number; end: () => void } | undefined

const hide = (): void => {
  shown?.end()
  shown = undefined
}

/** This tab shows what just came into the conversation: no other need tell of it. */
export const show = (conversation: string): void => {
  if (!('locks' in navigator)) return
  const until = Date.now() + SHOWN
  if (shown?.conversation === conversation) {
    shown.until = until
    return
  }
  hide()
  const now = { conversation, until, end: (): void => undefined }
  shown = now
  void navigator.locks.request(sign(conversation), { mode: 'shared' }, () => new Promise<void>((done) => {
    const look = (): void => {
      const left = now.until - Date.now()
      if (left > 0 && shown === now) {
        const timer = setTimeout(look, left)
        now.end = () => {
          clearTimeout(timer)
          done()
        }
        return
      }
      if (shown === now) shown = undefined
      done()
    }
    look()
  }))
}

/** How much later than others this tab takes the word, in ms: the same for each message, so that they are told in their order. */
const turn = Math.random() * 60

/** Whether this tab, which does not show the message, is the one that tells of it. `patience`: how long it lets others go first, in ms. */
export const takeWord = async (conversation: string, messageId: string, patience: number): Promise<boolean> => {
  if (!('locks' in navigator)) return true
  if (shown?.conversation === conversation) hide()
  await new Promise((done) => setTimeout(done, patience + turn))
  const { held = [] } = await navigator.locks.query()
  if (held.some(({ name }) => name === sign(conversation))) return false
  return new Promise((answer) => {
    void navigator.locks.request(`hongyan.word.${conversation}.${messageId}`, { ifAvailable: true }, async (lock) => {
      answer(lock !== null)
      if (lock) await new Promise((done) => setTimeout(done, KEPT))
    })
  })
}
