// Which tab of the browser tells of a message: every tab hears it, one takes the word, and none does when a tab shows it.

/** How long a tab that shows messages gathers them before it says so, in ms: less than the others wait. */
const GATHERED = 15
/** How many of those that others showed are remembered. */
const REMEMBERED = 1_000
/** For how long a tab keeps the word for a message, in ms: the others may hear it later, as after a connection. */
const KEPT = 10_000

const channel = new BroadcastChannel('hongyan.shown')
const elsewhere = new Set<string>()
channel.addEventListener('message', ({ data }: MessageEvent<string[]>) => {
  for (const id of data) elsewhere.add(id)
  for (const id of elsewhere) {
    if (elsewhere.size <= REMEMBERED) break
    elsewhere.delete(id)
  }
})

const idOf = (conversation: string, messageId: string): string => `${conversation}.${messageId}`

let here: string[] = []

/** This tab shows that message: no other need tell of it. */
export const show = (conversation: string, messageId: string): void => {
  if (here.length === 0) {
    setTimeout(() => {
      channel.postMessage(here)
      here = []
    }, GATHERED)
  }
  here.push(idOf(conversation, messageId))
}

/** How much later than others this tab takes the word, in ms: the same for each message, so that they are told in their order. */
const turn = Math.random() * 60

/** Whether this tab, which does not show the message, is the one that tells of it. `patience`: how long it lets others go first, in ms. */
export const takeWord = async (conversation: string, messageId: string, patience: number): Promise<boolean> => {
  const id = idOf(conversation, messageId)
  await new Promise((done) => setTimeout(done, patience + turn))
  if (elsewhere.has(id)) return false
  if (!('locks' in navigator)) return true
  return new Promise((answer) => {
    void navigator.locks.request(`hongyan.word.${id}`, { ifAvailable: true }, async (lock) => {
      answer(lock !== null)
      if (lock) await new Promise((done) => setTimeout(done, KEPT))
    })
  })
}
