// What this browser remembers for its user, whoever is logged in, and a little for as long as they are: a few short texts.

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

/** Nobody is logged in any more. */
export const forgetPersonal = (): void => {
  for (const name of PERSONAL) keepPreference(name, undefined)
}
