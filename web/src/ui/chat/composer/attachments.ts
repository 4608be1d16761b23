// Files that were chosen and wait to be sent, per conversation: leaving it does not lose them.
import { shallowReactive } from 'vue'
import type { ConversationKey } from '../../../model/key'
import { alsoForget } from '../../preferences'
import { rememberSize } from '../media/size'

export interface Attachment {
  id: number
  file: File
  /** Shown before it is sent; undefined for what is no picture. */
  preview: string | undefined
  /** A picture that goes as it is, to be saved: every byte of it is kept. */
  asFile: boolean
  /** It has more pixels than the server draws, and can only go as a file. */
  tooManyPixels: boolean
}

/** What a server takes; undefined where it has not said. */
export interface Bounds {
  fileBytes?: number | undefined
  picturePixels?: number | undefined
}

/** What could not be added. */
export interface NotAdded {
  /** How many were more than fit. */
  tooMany: number
  tooLarge: readonly File[]
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
const measure = (one: Attachment, url: string, { picturePixels }: Bounds): void => {
  const image = new Image()
  image.addEventListener('load', () => {
    const { naturalWidth: width, naturalHeight: height } = image
    rememberSize(one.file, { width, height })
    if (width * height > (picturePixels ?? Infinity)) Object.assign(one, { asFile: true, tooManyPixels: true })
  })
  image.src = url
}

const fits = (file: File, { fileBytes }: Bounds): boolean => file.size <= (fileBytes ?? Infinity)

/** Adds them in their order. */
export const attach = (list: Attachment[], files: readonly File[], bounds: Bounds): NotAdded => {
  const fitting = files.filter((file) => fits(file, bounds))
  const room = Math.max(0, MOST - list.length)
  const asFile = list.some((one) => one.preview !== undefined && one.asFile && !one.tooManyPixels)
  for (const file of fitting.slice(0, room)) {
    const preview = PICTURES.has(file.type) ? URL.createObjectURL(file) : undefined
    const one = shallowReactive({ id: nextId++, file, preview, asFile: asFile && preview !== undefined, tooManyPixels: false })
    if (preview) measure(one, preview, bounds)
    list.push(one)
  }
  return { tooMany: Math.max(0, fitting.length - room), tooLarge: files.filter((file) => !fits(file, bounds)) }
}

/** Sends the pictures among them as files, or as pictures again. */
export const sendAsFiles = (list: readonly Attachment[], on: boolean): void => {
  for (const one of list) if (one.preview !== undefined) one.asFile = on || one.tooManyPixels
}

export const detach = (list: Attachment[], id: number): void => {
  const at = list.findIndex((one) => one.id === id)
  const [gone] = at < 0 ? [] : list.splice(at, 1)
  if (gone?.preview) URL.revokeObjectURL(gone.preview)
}

/** Takes all of them, to be sent. */
export const takeAll = (list: Attachment[]): readonly Attachment[] => {
  const all = list.splice(0)
  for (const { preview } of all) if (preview) URL.revokeObjectURL(preview)
  return all
}

alsoForget(() => {
  for (const list of waiting.values()) takeAll(list)
  waiting.clear()
})

/** Once the server has said what it takes: gives those that it does not, which are no longer in the list. */
export const review = (list: Attachment[], bounds: Bounds): readonly File[] => {
  const tooLarge = list.filter(({ file }) => !fits(file, bounds))
  for (const { id } of tooLarge) detach(list, id)
  for (const one of list) if (one.preview) measure(one, one.preview, bounds)
  return tooLarge.map(({ file }) => file)
}
