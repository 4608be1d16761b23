// What this browser remembers for its user, whoever is logged in: a few short texts.

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
