// What every noun of the model works with.
import type { Cache } from './cache'
import type { Events } from './events'
import type { Link, ListName } from './link'
import type { Schedule } from './schedule'

export interface Context {
  link: Link
  events: Events
  cache: Cache
  schedule: Schedule
  /** Fetches lists again, here and in the browser's other tabs, after the user changed something in them. */
  changed: (...lists: ListName[]) => Promise<void>
  /** The id of who is logged in; empty when nobody is. */
  me: () => string
}
