// Who wants to know what the server tells, by the name of the event.
import type { EventOf, EventType, WireEvent } from '../client'

export interface Events {
  on: <N extends EventType>(name: N, handler: (event: EventOf<N>) => void) => void
  emit: (event: WireEvent) => void
}

export const createEvents = (): Events => {
  const handlers = new Map<string, ((event: WireEvent) => void)[]>()
  return {
    on: (name, handler) => {
      const list = handlers.get(name) ?? []
      handlers.set(name, list)
      list.push(handler as (event: WireEvent) => void)
    },
    emit: (event) => {
      for (const handler of handlers.get(event.eventType) ?? []) handler(event)
    },
  }
}
