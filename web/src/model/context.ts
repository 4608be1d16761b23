// What every noun of the model works with.
import type { Cache } from './cache'
import type { Events } from './events'
import type { Link } from './link'
import type { Schedule } from './schedule'

export interface Context {
  link: Link
  events: Events
  cache: Cache
  schedule: Schedule
  /** The id of who is logged in; empty when nobody is. */
  me: () => string
}
