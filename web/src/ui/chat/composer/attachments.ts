// Files that were chosen and wait to be sent, per conversation: leaving it does not lose them.
import { shallowReactive } from 'vue'
import type { ConversationKey } from '../../../model/key'
import { rememberSize } from '../media/size'

export interface Attachment {
  id: number
  file: File
  /** Shown before it is sent; undefined for what is no picture. */
  preview: string | undefined
}

/** Types that the server shows as pictures. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
/** At most so many at once. */
export const MOST = 20

const waiting = new Map<ConversationKey, Attachment[]>()
let nextId = 1

export const attachmentsOf = (key: ConversationKey): Attachment[] => {
  const known = waiting.get(key)
  if (known) return known
  const list: Attachment[] = shallowReactive([])
  waiting.set(key, list)
  return list
}

/** Learns how large it is shown, before it is sent. */
const measure = (file: File, url: string): void => {
  const image = new Image()
  image.addEventListener('load', () => rememberSize(file, { width: image.naturalWidth, height: image.naturalHeight }))
  image.src = url
}

/** How many did not fit. */
export const attach = (list: Attachment[], files: readonly File[]): number => {
  const room = Math.max(0, MOST - list.length)
  for (const file of files.slice(0, room)) {
    const preview = PICTURES.has(file.type) ? URL.createObjectURL(file) : undefined
    if (preview) measure(file, preview)
    list.push({ id: nextId++, file, preview })
  }
  return Math.max(0, files.length - room)
}

export const detach = (list: Attachment[], id: number): void => {
  const at = list.findIndex((one) => one.id === id)
  const [gone] = at < 0 ? [] : list.splice(at, 1)
  if (gone?.preview) URL.revokeObjectURL(gone.preview)
}
