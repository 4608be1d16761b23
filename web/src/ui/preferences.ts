// What this browser remembers for its user, whoever is logged in, and a little for as long as they are: a few short texts. And
// how all that says something of a user is forgotten.

/** The kept text, or undefined; storage may be off. */
export const readPreference = (name: string): string | undefined => {
  try {
    return localStorage.getItem(`hongyan.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps a text, or forgets it. Where storage is off it holds until the page is left. */
export const keepPreference = (name: string, value: string | undefined): void => {
  try {
    if (value === undefined) localStorage.removeItem(`hongyan.${name}`)
    else localStorage.setItem(`hongyan.${name}`, value)
  } catch {
    // Nothing to be done: the choice lives in memory.
  }
}

/** What says something of the user, not of the browser. */
const PERSONAL = ['emoji', 'emoji.tone'] as const

const others: (() => void)[] = []
/** For parts that come when they are wanted: how one forgets what it has of the user in memory, which outlasts its views. */
export const alsoForget = (forget: () => void): void => void others.push(forget)

/** Nobody is logged in any more. */
export const forgetPersonal = (): void => {
  for (const name of PERSONAL) keepPreference(name, undefined)
  for (const forget of others) forget()
}
