// The name by which a group is found: the rule, and one to begin with.

/** The protocol's rule for names of groups. */
export const isGroupName = (name: string): boolean => /^[a-zA-Z0-9_-]{4,16}$/.test(name)

const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789'

const signs = (count: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => SIGNS.charAt(byte % SIGNS.length)).join('')

/** Made of the nickname where that is in Latin letters; with a few signs of chance, so that it is free. */
export const suggestGroupName = (nickname: string): string => {
  const plain = nickname
    .slice(0, 200)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 11)
    .replace(/-+$/, '')
  return `${plain.length >= 2 ? plain : 'group'}-${signs(4)}`
}
