// What every noun of the model works with.
import type { Keep } from '../client'
import type { Cache } from './cache'
import type { Events } from './events'
import type { Link } from './link'
import type { Schedule } from './schedule'

/** Lists that are fetched whole. */
export type ListName = 'friends' | 'groups' | 'inbox'

export interface Context {
  link: Link
  events: Events
  cache: Cache
  schedule: Schedule
  /** Fetches lists again after the user changed something in them. Other tabs and devices hear of it from the server. */
  changed: (...lists: ListName[]) => Promise<void>
  /** A time of the server's, by the clock of this machine; both in ms since 1970. */
  here: (time: number) => number
  /** How long messages are kept where nobody chose. */
  keep: () => Keep
  /** The id of who is logged in; empty when nobody is. */
  me: () => string
}
