// Where the reader was in each conversation, for when they come back.
import type { ConversationKey } from '../../model/key'
import { alsoForget } from '../preferences'

export interface Place {
  /** The message at the upper edge, and how much of it is above. */
  id: string
  above: number
  /** Sizes of the rows, true for a list of this width. */
  width: number
  sizes: Map<string | number | bigint, number>
}

const KEPT = 30
const places = new Map<ConversationKey, Place>()
alsoForget(() => places.clear())

export const keepPlace = (key: ConversationKey, place: Place | undefined): void => {
  places.delete(key)
  if (place) places.set(key, place)
  const oldest = places.size > KEPT ? places.keys().next().value : undefined
  if (oldest) places.delete(oldest)
}

export const placeIn = (key: ConversationKey): Place | undefined => places.get(key)
